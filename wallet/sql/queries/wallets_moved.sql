-- Which of some wallets have moved past the mark that their watcher knows, which counts movements and happenings: two
-- looks into a key for each.
select w.wallet_id, w.version + coalesce(h.n, 0) as mark
  from unnest($1::smallint[], $2::uuid[], $3::bigint[]) as known (bucket, wallet_id, mark)
  join ledger.wallet w on w.bucket = known.bucket and w.wallet_id = known.wallet_id and w.asset = $4
  left join lateral (
    select max(n) as n from ledger.happening where bucket = known.bucket and wallet_id = known.wallet_id) h on true
 where w.version + coalesce(h.n, 0) > known.mark
