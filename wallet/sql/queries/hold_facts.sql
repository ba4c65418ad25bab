-- What must be known before a hold: the merchant, the contract in force, and the store, if one is named.
select m.status,
       (select c.contract_id from coalition.contract c
         where c.merchant_id = m.merchant_id and c.valid_from <= coalesce($3::timestamptz, clock_timestamp())
         order by c.version desc limit 1) as contract_id,
       (select s.store_id from coalition.store s
         where s.merchant_id = m.merchant_id and s.external_id = $2) as store_id
  from coalition.merchant m where m.merchant_id = $1
