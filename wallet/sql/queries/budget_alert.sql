-- Records which shares of which budgets have been passed and were not told before, and answers them.
with given as (
  select budget_id, sum(consumed)::bigint as given_minor
    from ledger.budget_share where bucket = any ($1) group by budget_id
), passed as (
  select b.budget_id, b.kind, b.subject_id, b.asset, b.cap_minor, a.bps, g.given_minor
    from coalition.budget b
    join given g on g.budget_id = b.budget_id
    cross join unnest(b.alerts) a (bps)
   where g.given_minor > 0 and g.given_minor::numeric * 10000 >= b.cap_minor::numeric * a.bps
     and not exists (select 1 from coalition.budget_alert t where t.budget_id = b.budget_id and t.bps = a.bps)
   order by b.budget_id, a.bps limit $3
), told as (
  insert into coalition.budget_alert (budget_id, bps, raised_at)
  select budget_id, bps, coalesce($2::timestamptz, clock_timestamp()) from passed
  on conflict do nothing returning budget_id, bps
)
select p.* from passed p join told t on t.budget_id = p.budget_id and t.bps = p.bps order by p.budget_id, p.bps
