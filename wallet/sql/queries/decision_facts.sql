-- What a purchase was decided from: the purchase as reported, its lines, and what campaigns were told and said.
select p.purchase_id, p.asset, p.merchant_id, p.contract_id, p.reference, p.channel, s.external_id as store,
       p.purchased_at, p.reported_at, p.cashback_paid_minor, p.instrument, p.subscription, p.delivery,
       m.name as merchant_name, e.document, e.facts,
       (select jsonb_agg(to_jsonb(l) order by l.line_no) from ledger.purchase_line l
         where l.bucket = $1 and l.purchase_id = $2) as lines
  from ledger.purchase p
  join coalition.merchant m on m.merchant_id = p.merchant_id
  left join coalition.store s on s.store_id = p.store_id
  left join ledger.explanation e on e.bucket = p.bucket and e.cause_id = p.purchase_id
 where p.bucket = $1 and p.purchase_id = $2
