-- What each merchant did so far in one asset: purchases and what members paid for them, value
-- issued (matured, less what returns took back), still promised, and honoured (captured, less
-- refunds). By name.
select m.merchant_id, m.slug, m.name, m.industry,
       coalesce(s.purchases, 0) as purchases,
       coalesce(s.spent_minor, 0)::bigint as spent_minor,
       coalesce(p.promised_minor, 0)::bigint as promised_minor,
       coalesce(p.issued_minor, 0)::bigint as issued_minor,
       coalesce(p.honoured_minor, 0)::bigint as honoured_minor
  from coalition.merchant m
  left join (select merchant_id, count(*) as purchases, sum(total_minor) as spent_minor
               from ledger.purchase where asset = $1
              group by merchant_id) s on s.merchant_id = m.merchant_id
  left join (select owner_id,
                    sum(debited - credited) filter (where kind = 'contingent') as promised_minor,
                    sum(debited - credited) filter (where kind = 'issued') as issued_minor,
                    sum(credited - debited) filter (where kind = 'honoured') as honoured_minor
               from ledger.position where asset = $1
              group by owner_id) p on p.owner_id = m.merchant_id
 order by m.name, m.merchant_id
