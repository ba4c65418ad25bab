-- A wallet's redemptions, the newest first, before a place in that order.
select redemption_id, wallet_id, merchant_id, store_id, asset, order_reference, amount as amount_minor,
       captured as captured_minor, released as released_minor, refunded as refunded_minor, state,
       held_at, least(expires_at, '9999-12-31 00:00Z') as expires_at, resolved_at
  from ledger.redemption
 where bucket = $1 and wallet_id = $2
   and (held_at, redemption_id)
       < (coalesce($3::timestamptz, 'infinity'), coalesce($4::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
 order by held_at desc, redemption_id desc limit $5
