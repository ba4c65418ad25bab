-- The movements of a wallet above a version, the oldest first, with the names of the partners.
select t.transfer_id as movement_id, t.wallet_id, t.asset, t.code, t.debit_kind, t.credit_kind,
       t.amount as amount_minor, t.wallet_version as version, t.pending_after as pending_minor,
       t.available_after as available_minor, t.held_after as held_minor, t.cause_id, t.partner_id,
       coalesce(p.name, h.name) as partner_name, t.effective_at, t.posted_at
  from ledger.transfer t left join coalition.merchant p on p.merchant_id = t.partner_id
  left join coalition.charity h on h.charity_id = t.partner_id
 where t.bucket = $1 and t.wallet_id = $2 and t.asset = $3 and t.wallet_version > $4
 order by t.wallet_version limit $5
