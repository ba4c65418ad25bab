-- A standing is its newest change; changes are numbered without gaps, and each begins where the one before it ended.
with chained as (
  select bucket, wallet_id, scheme_id, n, from_tier, to_tier,
         lag(to_tier) over by_number as before, row_number() over by_number as place,
         lead(n) over by_number is null as newest
    from ledger.tier_change
  window by_number as (partition by bucket, wallet_id, scheme_id order by n))
select bucket, wallet_id, scheme_id, c.n, c.to_tier, s.tier
  from ledger.standing s full join (select * from chained where newest) c using (bucket, wallet_id, scheme_id)
 where s.changes is distinct from c.n or s.tier is distinct from c.to_tier
union all
select bucket, wallet_id, scheme_id, n, to_tier, before
  from chained where n <> place or from_tier is distinct from before
