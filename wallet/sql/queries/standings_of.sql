-- Where a member (bucket $1, wallet $2, the house's asset $3) stands as it was last worked out, and what tells whether
-- that still holds: the clock (or $4), the wallet's facts, the programme's epoch.
select coalesce($4::timestamptz, clock_timestamp()) as at, w.facts, g.epoch,
       (select jsonb_agg(to_jsonb(s)) from ledger.standing s
         where s.bucket = w.bucket and s.wallet_id = w.wallet_id) as standings
  from ledger.wallet w cross join coalition.programme g
 where w.bucket = $1 and w.wallet_id = $2 and w.asset = $3
