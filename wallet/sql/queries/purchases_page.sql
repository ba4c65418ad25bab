-- A wallet's purchases, the newest first, before a place in that order.
select p.purchase_id, p.wallet_id, p.asset, p.merchant_id, p.contract_id, p.reference, p.channel, p.store_id,
       p.purchased_at, p.reported_at, p.total_minor, p.cashback_paid_minor, p.credited_minor, p.reversed_minor,
       p.lot_id, m.name as merchant_name
  from ledger.purchase p join coalition.merchant m on m.merchant_id = p.merchant_id
 where p.bucket = $1 and p.wallet_id = $2
   and (p.purchased_at, p.purchase_id)
       < (coalesce($3::timestamptz, 'infinity'), coalesce($4::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
 order by p.purchased_at desc, p.purchase_id desc limit $5
