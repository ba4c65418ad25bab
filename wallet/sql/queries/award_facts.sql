-- What must be known before an award is decided: the clock, the member's facts, the award if it stands already, and
-- what the member had of the campaign. One row.
select coalesce($5::timestamptz, clock_timestamp()) as at, w.facts as facts_version, a.fingerprint, a.awarded_at,
       (select coalesce(sum(granted_minor), 0)::bigint from ledger.grant
         where bucket = $1 and cause_id = $3) as granted_minor,
       array(select row(u.day, u.granted_minor, u.times) from ledger.usage u
              where u.bucket = $1 and u.wallet_id = $2 and u.campaign_id = $6) as used
  from ledger.wallet w
  left join ledger.award a on a.bucket = $1 and a.award_id = $3
 where w.bucket = $1 and w.wallet_id = $2 and w.asset = $4
