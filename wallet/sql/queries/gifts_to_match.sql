-- The gifts of a wallet since an instant, newest first, each with the schemes that it was looked at for.
select d.donation_id, d.charity_id, d.amount, d.donated_at,
       array(select m.scheme_id from ledger.match m
              where m.bucket = d.bucket and m.donation_id = d.donation_id) as matched
  from ledger.donation d
 where d.bucket = $1 and d.wallet_id = $2 and d.asset = $3 and d.donated_at >= $4
 order by d.donated_at desc, d.donation_id desc limit $5
