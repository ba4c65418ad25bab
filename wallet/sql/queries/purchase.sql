-- One purchase with its lines and their decisions, its events, its returns and its lot: all that explains it.
select p.purchase_id, p.wallet_id, p.asset, p.merchant_id, p.contract_id, p.reference, p.channel, p.store_id,
       p.purchased_at, p.reported_at, p.total_minor, p.cashback_paid_minor, p.credited_minor, p.reversed_minor,
       p.lot_id, m.name as merchant_name,
       (select e.document from ledger.explanation e where e.bucket = $1 and e.cause_id = $2) as explanation,
       (select coalesce(jsonb_agg(jsonb_build_array(g.asset, g.granted, g.reversed) order by g.asset), '[]')
          from (select g.asset, sum(g.granted_minor)::bigint as granted, coalesce(sum(r.reversed_minor), 0)::bigint
                       as reversed
                  from ledger.grant g
                  left join (select line_no, version_id, sum(reversed_minor) as reversed_minor
                               from ledger.grant_return where bucket = $1 and cause_id = $2
                              group by line_no, version_id) r using (line_no, version_id)
                 where g.bucket = $1 and g.cause_id = $2 and g.asset <> p.asset group by g.asset) g) as others,
       (select jsonb_agg(to_jsonb(l) || jsonb_build_object(
                 'returned_quantity_milli', coalesce(r.quantity_milli, 0),
                 'returned_amount_minor', coalesce(r.amount_minor, 0),
                 'reversed_minor', coalesce(r.reversed_minor, 0)) order by l.line_no)
          from ledger.purchase_line l
          left join (select line_no, sum(quantity_milli) as quantity_milli, sum(amount_minor) as amount_minor,
                            sum(reversed_minor) as reversed_minor
                       from ledger.purchase_return_line where bucket = $1 and purchase_id = $2 group by line_no) r
            on r.line_no = l.line_no
         where l.bucket = $1 and l.purchase_id = $2) as lines,
       (select coalesce(jsonb_agg(jsonb_build_object('kind', e.kind, 'at', e.happened_at) order by e.happened_at), '[]')
          from ledger.purchase_event e where e.bucket = $1 and e.purchase_id = $2) as events,
       (select coalesce(jsonb_agg(to_jsonb(b) order by b.returned_at, b.return_id), '[]')
          from ledger.purchase_return b where b.bucket = $1 and b.purchase_id = $2) as returns,
       (select to_jsonb(t) from ledger.lot t where t.bucket = $1 and t.lot_id = p.lot_id) as lot
  from ledger.purchase p join coalition.merchant m on m.merchant_id = p.merchant_id
 where p.bucket = $1 and p.purchase_id = $2
