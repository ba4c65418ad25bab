-- A wallet's open and pending lots in the order in which they will be spent, after a place in that order.
select l.lot_id, l.asset, l.funder_id, p.name as funder_name, l.rule_id, l.cause_id, l.amount as amount_minor,
       l.pending as pending_minor, l.remaining as remaining_minor, l.earned_at, l.due_at, l.due_as, l.available_at,
       l.expires_at
  from ledger.lot l left join coalition.merchant p on p.merchant_id = l.funder_id
 where l.bucket = $1 and l.wallet_id = $2 and l.asset = $3 and (l.open or l.pending > 0)
   and (coalesce(l.expires_at, 'infinity'), coalesce(l.available_at, l.due_at), l.lot_id)
       > (coalesce($4::timestamptz, '-infinity'), coalesce($5::timestamptz, '-infinity'),
          coalesce($6::uuid, '00000000-0000-0000-0000-000000000000'))
 order by coalesce(l.expires_at, 'infinity'), coalesce(l.available_at, l.due_at), l.lot_id limit $7
