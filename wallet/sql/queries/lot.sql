-- One lot, and whose it is.
select l.wallet_id, l.lot_id, l.asset, l.funder_id, p.name as funder_name, l.rule_id, l.cause_id,
       l.amount as amount_minor, l.pending as pending_minor, l.remaining as remaining_minor, l.earned_at, l.due_at,
       l.due_as, l.available_at, l.expires_at
  from ledger.lot l left join coalition.merchant p on p.merchant_id = l.funder_id
 where l.bucket = $1 and l.lot_id = $2
