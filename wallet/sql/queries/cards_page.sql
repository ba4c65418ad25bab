-- A wallet's gift cards, the newest first, before a place in that order.
select card_id, wallet_id, merchant_id, asset, code_hash, ending, listed, maximum as maximum_minor, used as used_minor,
       case when ended_at is null and expires_at > at then room else 0 end as balance_minor,
       case when ended_at is not null then 'ended' when expires_at <= at then 'expired' else 'active' end as status,
       created_at, expires_at, ended_at
  from ledger.card_standing, clock_timestamp() as at
 where bucket = $1 and wallet_id = $2
   and (created_at, card_id)
       < (coalesce($3::timestamptz, 'infinity'), coalesce($4::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
 order by created_at desc, card_id desc limit $5
