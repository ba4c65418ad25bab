-- What was asked of a card, the newest first: its holds and credits, or the steps of one of its redemptions.
select operation_id, card_id, redemption_id, kind, request, about, amount as amount_minor,
       released as released_minor, refunded as refunded_minor, happened_at
  from ledger.card_operation
 where bucket = $1 and card_id = $2 and kind = any($3) and ($4::uuid is null or redemption_id = $4)
 order by happened_at desc, operation_id desc limit $5
