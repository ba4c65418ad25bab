-- One act of a membership by its id, with the plan's version and the asset that it is in.
select a.act_id, a.membership_id, a.number, a.wallet_id, a.kind, a.scheme_id, a.version_id, a.from_day, a.until_day,
       a.entitled_until, a.worth_minor, a.paid_minor, a.refund_minor, a.credit_minor, a.why, a.reference, a.reason,
       a.fingerprint, a.effective_at, a.recorded_at
  from ledger.membership_act a where a.bucket = $1 and a.act_id = $2
