-- Every hold has its redemption, and every redemption moved just what its state says: each unit is captured or let go
-- once, and all of them have been when nothing is open any more. In parts only where a store asked for each part.
with moved as (
  select bucket, cause_id as redemption_id, sum(amount) filter (where code = 'hold') as held,
         count(*) filter (where code = 'hold') as holds, count(*) filter (where code = 'capture') as captures,
         count(*) filter (where code = 'release') as releases,
         coalesce(sum(amount) filter (where code = 'capture'), 0) as captured,
         coalesce(sum(amount) filter (where code = 'release'), 0) as released,
         coalesce(sum(amount) filter (where code = 'refund'), 0) as refunded
    from ledger.transfer where code in ('hold', 'capture', 'release', 'refund') group by bucket, cause_id),
parts as (
  select bucket, redemption_id, count(*) filter (where kind = 'settlement') as captures,
         count(*) filter (where released > 0) as releases, sum(released) as released,
         coalesce(sum(amount) filter (where kind = 'settlement'), 0) as captured
    from ledger.card_operation group by bucket, redemption_id)
select bucket, redemption_id, r.state, r.amount, m.held, m.captured, m.released
  from ledger.redemption r full join moved m using (bucket, redemption_id)
  left join parts p using (bucket, redemption_id)
 where r.amount is distinct from m.held or m.holds <> 1
    or m.captures > coalesce(p.captures, 0) + 1 or m.releases > coalesce(p.releases, 0) + 1
    or r.captured is distinct from m.captured or r.released is distinct from m.released
    or r.refunded is distinct from m.refunded or m.captured + m.released > r.amount
    or (r.state = 'held') is distinct from (m.captured + m.released < r.amount)
    or (r.state = 'held' and (m.captured <> coalesce(p.captured, 0) or m.released <> coalesce(p.released, 0)))
