-- One purchase as a return or an event needs it: its contract, its clock, and each line, grant, lot, gift and draw on a
-- budget with what came back so far.
select p.contract_id, p.wallet_id, p.asset, p.reported_at, p.version, p.lot_id, clock_timestamp() as now,
       (select coalesce(jsonb_agg(jsonb_build_object('kind', e.kind, 'at', e.happened_at)), '[]')
          from ledger.purchase_event e where e.bucket = p.bucket and e.purchase_id = p.purchase_id) as events,
       (select jsonb_agg(jsonb_build_object(
                 'number', l.line_no, 'quantity_milli', l.quantity_milli, 'amount_minor', l.amount_minor,
                 'credited_minor', l.credited_minor, 'rounding', l.rounding, 'category', l.category,
                 'base_minor', l.base_minor,
                 'returned_quantity_milli', coalesce(r.quantity_milli, 0),
                 'returned_amount_minor', coalesce(r.amount_minor, 0), 'reversed_minor', coalesce(r.reversed_minor, 0))
                 order by l.line_no)
          from ledger.purchase_line l
          left join (select line_no, sum(quantity_milli) as quantity_milli, sum(amount_minor) as amount_minor,
                            sum(reversed_minor) as reversed_minor
                       from ledger.purchase_return_line
                      where bucket = $1 and purchase_id = $2 group by line_no) r on r.line_no = l.line_no
         where l.bucket = p.bucket and l.purchase_id = p.purchase_id) as lines,
       (select coalesce(jsonb_agg(jsonb_build_object(
                 'line_no', g.line_no, 'version_id', g.version_id, 'campaign_id', g.campaign_id, 'asset', g.asset,
                 'granted_minor', g.granted_minor, 'desired_minor', g.desired_minor, 'base_minor', g.base_minor,
                 'reversed_minor', coalesce(r.reversed_minor, 0), 'day', g.day) order by g.line_no, g.version_id), '[]')
          from ledger.grant g
          left join (select line_no, version_id, sum(reversed_minor) as reversed_minor
                       from ledger.grant_return where bucket = $1 and cause_id = $2 group by line_no, version_id) r
            on r.line_no = g.line_no and r.version_id = g.version_id
         where g.bucket = p.bucket and g.cause_id = p.purchase_id) as grants,
       (select coalesce(jsonb_agg(jsonb_build_object(
                 'lot_id', t.lot_id, 'rule_id', t.rule_id, 'funder_id', t.funder_id, 'asset', t.asset,
                 'amount_minor', t.amount, 'reversed_minor', coalesce(
                   (select sum(r.reversed_minor) from ledger.return_lot r
                     where r.bucket = t.bucket and r.lot_id = t.lot_id), 0)) order by o.n), '[]')
          from unnest(p.lot_id || p.lots) with ordinality o (lot_id, n)
          join ledger.lot t on t.bucket = p.bucket and t.lot_id = o.lot_id) as lots,
       (select coalesce(jsonb_agg(jsonb_build_object(
                 'lot_id', t.gift_id, 'rule_id', t.rule_id, 'funder_id', t.funder_id, 'asset', t.asset,
                 'amount_minor', t.amount, 'reversed_minor', coalesce(
                   (select sum(r.reversed_minor) from ledger.gift_return r
                     where r.bucket = t.bucket and r.gift_id = t.gift_id), 0)) order by t.gift_id), '[]')
          from ledger.gift t where t.bucket = p.bucket and t.cause_id = p.purchase_id) as gifts,
       (select coalesce(jsonb_agg(jsonb_build_object(
                 'budget_id', d.budget_id, 'amount_minor', d.amount, 'released_minor', d.released)
                 order by d.budget_id), '[]')
          from ledger.budget_draw d where d.bucket = p.bucket and d.cause_id = p.purchase_id) as draws
  from ledger.purchase p where p.bucket = $1 and p.purchase_id = $2 and p.merchant_id = $3
