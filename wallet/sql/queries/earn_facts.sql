-- What must be known before purchases of one merchant are decided: the clock, the merchant, its contract versions, the
-- stores and the members that the purchases name. One row.
select clock_timestamp() as now, m.name, m.status, (select epoch from coalition.programme) as epoch,
       array(select row(c.contract_id, c.version, c.valid_from) from coalition.contract c
              where c.merchant_id = m.merchant_id order by c.version desc) as contracts,
       (select coalesce(jsonb_object_agg(s.external_id, s.store_id), '{}') from coalition.store s
         where s.merchant_id = m.merchant_id and s.external_id = any ($2)) as stores,
       (select coalesce(jsonb_object_agg(p.member_id, p.wallet_id), '{}') from coalition.member p
         where p.member_id = any ($3)) as wallets
  from coalition.merchant m where m.merchant_id = $1
