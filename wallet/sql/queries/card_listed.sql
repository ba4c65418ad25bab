-- The open gift card that a member wants a merchant to find by the member's address.
select c.card_id
  from coalition.member m
  join ledger.gift_card c on c.bucket = get_byte(uuid_send(m.wallet_id), 15) and c.wallet_id = m.wallet_id
 where lower(m.email) = lower($1) and c.merchant_id = $2 and c.listed and c.ended_at is null
