-- A position's counters, and its version, are what its legs add up to; legs have no gap and none twice.
with leg as (
  select bucket, debit_owner as owner_id, debit_kind as kind, asset, debit_version as version, amount as debit,
         0 as credit from ledger.transfer where debit_owner is not null
  union all
  select bucket, credit_owner, credit_kind, asset, credit_version, 0, amount
    from ledger.transfer where credit_owner is not null
), moved as (
  select bucket, owner_id, kind, asset, count(*) as moves, count(distinct version) as numbers, min(version) as first,
         max(version) as last, sum(debit) as debited, sum(credit) as credited
    from leg group by bucket, owner_id, kind, asset)
select bucket, owner_id, kind, asset, p.version, m.moves
  from ledger.position p full join moved m using (bucket, owner_id, kind, asset)
 where p.version is distinct from m.moves or m.last is distinct from m.moves or m.first is distinct from 1
    or m.numbers is distinct from m.moves or p.debited is distinct from m.debited
    or p.credited is distinct from m.credited
