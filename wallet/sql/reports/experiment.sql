-- What an experiment ($1) has seen so far (by $3, null: now), one row for each arm of its plan: members exposed,
-- members whose window is over, and of these the sum, the sum of squares and the successes of the plan's metric.
-- A window begins after the first exposure, so the purchase by which a member came in is not in it, and it must be
-- over before the experiment is. Purchases count net of what came back, in the programme's asset ($2).
with experiment as (
    select e.experiment_id, e.plan, e.plan->>'metric' as metric,
           make_interval(days => (e.plan->>'window_days')::int) as life,
           least(coalesce($3::timestamptz, clock_timestamp()), e.ends_at, s.ended_at) as until
      from coalition.experiment e left join coalition.experiment_end s on s.experiment_id = e.experiment_id
     where e.experiment_id = $1
), exposed as (
    select x.arm, x.exposed_at, x.exposed_at + e.life as over_at, x.exposed_at + e.life <= e.until as is_over,
           e.metric, m.wallet_id, get_byte(uuid_send(m.wallet_id), 15)::smallint as bucket
      from experiment e
      join coalition.exposure x on x.experiment_id = e.experiment_id and x.exposed_at <= e.until
      join coalition.member m on m.member_id = x.member_id
), measured as (
    select x.arm, x.is_over,
           case x.metric when 'spend_per_member' then w.spent_minor when 'purchases_per_member' then w.purchases
             else least(w.purchases, 1) end as value
      from exposed x
      left join lateral (
             select coalesce(sum(k.kept_minor), 0) as spent_minor,
                    count(*) filter (where k.kept_minor > 0) as purchases
               from (select p.total_minor - coalesce((
                              select sum(r.amount_minor) from ledger.purchase_return_line r
                               where r.bucket = p.bucket and r.purchase_id = p.purchase_id), 0) as kept_minor
                       from ledger.purchase p
                      where p.bucket = x.bucket and p.wallet_id = x.wallet_id and p.asset = $2
                        and p.purchased_at > x.exposed_at and p.purchased_at <= x.over_at) k
           ) w on x.is_over
)
select e.until, a.arm, count(m.arm) as exposed, count(*) filter (where m.is_over) as members,
       coalesce(sum(m.value), 0)::text as total, coalesce(sum(m.value * m.value), 0)::text as squares,
       count(*) filter (where m.value > 0) as successes
  from experiment e
  cross join lateral (select one.part->>'name' as arm, one.place
                        from jsonb_array_elements(e.plan->'arms') with ordinality as one (part, place)) a
  left join measured m on m.arm = a.arm
 group by e.until, a.arm, a.place
 order by a.place
