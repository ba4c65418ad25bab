-- A wallet's three faces, and its version, are what its transfers add up to; versions have no gap.
with moved as (
  select bucket, wallet_id, asset, count(*) as moves, min(wallet_version) as first, max(wallet_version) as last,
         sum(case when credit_kind = 'pending' then amount when debit_kind = 'pending' then -amount else 0 end)
           as pending,
         sum(case when credit_kind = 'available' then amount when debit_kind = 'available' then -amount else 0 end)
           as available,
         sum(case when credit_kind = 'held' then amount when debit_kind = 'held' then -amount else 0 end) as held
    from ledger.transfer where wallet_id is not null group by bucket, wallet_id, asset)
select bucket, wallet_id, asset, w.version, m.moves
  from ledger.wallet w full join moved m using (bucket, wallet_id, asset)
 where w.version is distinct from coalesce(m.moves, 0) or coalesce(m.last, 0) is distinct from coalesce(m.moves, 0)
    or coalesce(m.first, 1) <> 1
    or w.pending is distinct from coalesce(m.pending, 0)
    or w.credited - w.debited - w.held is distinct from coalesce(m.available, 0)
    or w.held is distinct from coalesce(m.held, 0)
