-- Who joined plans and who left them, by local months of $2, from the month of $3 on, up to $1: a change of plan leaves
-- one and joins another; whoever cancelled leaves when it ends.
with act as (
  select kind, scheme_id, effective_at, entitled_until,
         lag(scheme_id) over (partition by bucket, membership_id order by number) as before_id
    from ledger.membership_act),
happened as (
  select scheme_id, effective_at as at, 1 as joined, 0 as ended
    from act where kind in ('started', 'reinstated') or (kind = 'changed' and scheme_id <> before_id)
  union all
  select case when kind = 'changed' then before_id else scheme_id end,
         case when kind = 'changed' then effective_at else entitled_until end, 0, 1
    from act where kind in ('cancelled', 'lapsed') or (kind = 'changed' and scheme_id <> before_id))
select scheme_id, to_char(at at time zone $2, 'YYYY-MM') as month, sum(joined) as joined, sum(ended) as ended
  from happened where at >= $3 and at <= $1 group by 1, 2 order by 2 desc, 1
