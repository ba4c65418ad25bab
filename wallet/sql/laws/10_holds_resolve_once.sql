-- Every hold has its redemption, and every redemption moved just what its state says.
with moved as (
  select bucket, cause_id as redemption_id, sum(amount) filter (where code = 'hold') as held,
         count(*) filter (where code = 'hold') as holds, count(*) filter (where code = 'capture') as captures,
         count(*) filter (where code = 'release') as releases,
         coalesce(sum(amount) filter (where code = 'capture'), 0) as captured,
         coalesce(sum(amount) filter (where code = 'release'), 0) as released,
         coalesce(sum(amount) filter (where code = 'refund'), 0) as refunded
    from ledger.transfer where code in ('hold', 'capture', 'release', 'refund') group by bucket, cause_id)
select bucket, redemption_id, r.state, r.amount, m.held, m.captured, m.released
  from ledger.redemption r full join moved m using (bucket, redemption_id)
 where r.amount is distinct from m.held or m.holds <> 1 or m.captures > 1 or m.releases > 1
    or r.captured is distinct from m.captured or r.refunded is distinct from m.refunded
    or m.captured + m.released is distinct from case when r.state = 'held' then 0 else r.amount end
