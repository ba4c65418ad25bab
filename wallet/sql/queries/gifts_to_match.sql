-- The gifts of a wallet since an instant, newest first, each with the schemes that it was looked at for.
select t.transfer_id as donation_id, t.credit_owner as charity_id, t.amount, t.effective_at,
       array(select m.scheme_id from ledger.match m
              where m.bucket = t.bucket and m.donation_id = t.transfer_id) as matched
  from ledger.transfer t
 where t.bucket = $1 and t.wallet_id = $2 and t.asset = $3 and t.code = 'donate' and t.effective_at >= $4
 order by t.wallet_version desc limit $5
