-- What an award gave, so that all of it can be taken back: its lots and gifts, its grants, and what it drew on budgets.
-- One row.
select array(select row(l.lot_id, l.amount) from ledger.lot l
              where l.bucket = a.bucket and l.lot_id = any (a.lots)
             union all
             select row(g.gift_id, g.amount) from ledger.gift g
              where g.bucket = a.bucket and g.cause_id = a.award_id) as lots,
       array(select row(g.line_no, g.version_id, g.granted_minor) from ledger.grant g
              where g.bucket = a.bucket and g.cause_id = a.award_id) as grants,
       array(select row(d.budget_id, d.amount) from ledger.budget_draw d
              where d.bucket = a.bucket and d.cause_id = a.award_id) as draws
  from ledger.award a where a.bucket = $1 and a.award_id = $2
