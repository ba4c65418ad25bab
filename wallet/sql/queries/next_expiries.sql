-- What expires next: the days, and how much on each.
select expires_at, sum(remaining)::bigint as amount_minor
  from ledger.lot where bucket = $1 and wallet_id = $2 and asset = $3 and open and expires_at is not null
 group by expires_at order by expires_at limit $4
