-- Available is the open lots less the open deficits, pending is the pending lots, and no wallet has both an open lot
-- and an open deficit.
select bucket, wallet_id, asset, w.pending, l.pending as lots_pending, l.remaining, d.owed
  from ledger.wallet w
  full join (select bucket, wallet_id, asset, sum(pending) as pending, sum(remaining) as remaining
               from ledger.lot group by bucket, wallet_id, asset) l using (bucket, wallet_id, asset)
  full join (select bucket, wallet_id, asset, sum(remaining) as owed from ledger.deficit where remaining > 0
              group by bucket, wallet_id, asset) d using (bucket, wallet_id, asset)
 where w.pending is distinct from coalesce(l.pending, 0)
    or w.credited - w.debited - w.held is distinct from coalesce(l.remaining, 0) - coalesce(d.owed, 0)
    or (coalesce(l.remaining, 0) > 0 and coalesce(d.owed, 0) > 0)
