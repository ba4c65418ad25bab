-- One thing that was asked of a card.
select operation_id, card_id, redemption_id, kind, request, about, amount as amount_minor,
       released as released_minor, refunded as refunded_minor, happened_at
  from ledger.card_operation where bucket = $1 and card_id = $2 and operation_id = $3
