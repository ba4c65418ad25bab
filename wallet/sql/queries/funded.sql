-- Who funded what is open in these wallets.
select l.wallet_id, l.funder_id, sum(l.remaining)::bigint as open_minor
  from unnest($2::smallint[], $3::uuid[]) as i (bucket, wallet_id)
  join ledger.lot l on l.bucket = i.bucket and l.wallet_id = i.wallet_id and l.asset = $1 and l.open
 group by l.wallet_id, l.funder_id
