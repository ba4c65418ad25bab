-- One gift card, and what it may hold now.
select card_id, wallet_id, merchant_id, asset, code_hash, ending, listed, maximum as maximum_minor, used as used_minor,
       case when ended_at is null and expires_at > coalesce($3::timestamptz, clock_timestamp()) then room else 0 end
         as balance_minor,
       created_at, expires_at, ended_at
  from ledger.card_standing where bucket = $1 and card_id = $2
