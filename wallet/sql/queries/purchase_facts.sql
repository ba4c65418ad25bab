-- One purchase as a return or an event needs it: its contract, its clock, and each line with what came back so far.
select p.contract_id, p.wallet_id, p.asset, p.reported_at, p.version, clock_timestamp() as now,
       (select coalesce(jsonb_agg(jsonb_build_object('kind', e.kind, 'at', e.happened_at)), '[]')
          from ledger.purchase_event e where e.bucket = p.bucket and e.purchase_id = p.purchase_id) as events,
       (select jsonb_agg(jsonb_build_object(
                 'number', l.line_no, 'quantity_milli', l.quantity_milli, 'amount_minor', l.amount_minor,
                 'credited_minor', l.credited_minor, 'rounding', l.rounding,
                 'returned_quantity_milli', coalesce(r.quantity_milli, 0),
                 'returned_amount_minor', coalesce(r.amount_minor, 0), 'reversed_minor', coalesce(r.reversed_minor, 0))
                 order by l.line_no)
          from ledger.purchase_line l
          left join (select line_no, sum(quantity_milli) as quantity_milli, sum(amount_minor) as amount_minor,
                            sum(reversed_minor) as reversed_minor
                       from ledger.purchase_return_line
                      where bucket = $1 and purchase_id = $2 group by line_no) r on r.line_no = l.line_no
         where l.bucket = p.bucket and l.purchase_id = p.purchase_id) as lines
  from ledger.purchase p where p.bucket = $1 and p.purchase_id = $2 and p.merchant_id = $3
