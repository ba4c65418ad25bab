-- One gift card, and what it may hold now.
select card_id, wallet_id, merchant_id, asset, code_hash, ending, listed, maximum as maximum_minor, used as used_minor,
       case when ended_at is null and expires_at > at then room else 0 end as balance_minor,
       case when ended_at is not null then 'ended' when expires_at <= at then 'expired' else 'active' end as status,
       created_at, expires_at, ended_at
  from ledger.card_standing, coalesce($3::timestamptz, clock_timestamp()) as at
 where bucket = $1 and card_id = $2
