-- The open gift card of a merchant with this number.
select card_id from ledger.gift_card
 where bucket = $1 and code_hash = $2 and merchant_id = $3 and ended_at is null
