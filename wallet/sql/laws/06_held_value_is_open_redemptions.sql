-- What a wallet holds is exactly its open redemptions, less what was captured or let go of each.
select bucket, wallet_id, asset, w.held, r.held as redemptions
  from ledger.wallet w
  full join (select bucket, wallet_id, asset, sum(amount - captured - released) as held from ledger.redemption
              where state = 'held' group by bucket, wallet_id, asset) r using (bucket, wallet_id, asset)
 where w.held is distinct from coalesce(r.held, 0)
