-- A bucket's share of a budget gave what its draws say, less what came back, and no more than was allotted to it; the
-- shares add up to what the pool allotted, and that is never more than the cap.
select s.bucket, s.budget_id, s.consumed as counted, coalesce(d.drawn, 0) as found
  from ledger.budget_share s
  left join (select bucket, budget_id, sum(amount - released) as drawn
               from ledger.budget_draw group by bucket, budget_id) d
    on d.bucket = s.bucket and d.budget_id = s.budget_id
 where s.consumed is distinct from coalesce(d.drawn, 0) or s.consumed > s.allotted or s.consumed < 0
union all
select d.bucket, d.budget_id, 0, d.amount - d.released
  from ledger.budget_draw d
  left join ledger.budget_share s on s.bucket = d.bucket and s.budget_id = d.budget_id where s.budget_id is null
union all
select null, budget_id, b.allotted_minor, s.allotted
  from coalition.budget b
  full join (select budget_id, sum(allotted)::bigint as allotted from ledger.budget_share group by budget_id) s
    using (budget_id)
 where b.allotted_minor is distinct from coalesce(s.allotted, 0) or b.allotted_minor > b.cap_minor
