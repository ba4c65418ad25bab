-- Which of some wallets have moved past the version that their watcher knows: one look into the key for each.
select w.wallet_id, w.version
  from unnest($1::smallint[], $2::uuid[], $3::bigint[]) as known (bucket, wallet_id, version)
  join ledger.wallet w on w.bucket = known.bucket and w.wallet_id = known.wallet_id and w.asset = $4
 where w.version > known.version
