-- One redemption as it stands.
select redemption_id, wallet_id, merchant_id, store_id, asset, order_reference, amount as amount_minor,
       captured as captured_minor, released as released_minor, refunded as refunded_minor, state,
       held_at, least(expires_at, '9999-12-31 00:00Z') as expires_at, resolved_at
  from ledger.redemption where bucket = $1 and redemption_id = $2
