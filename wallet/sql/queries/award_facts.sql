-- What must be known before an award is decided: the clock, the member's facts, the award if it stands already, what
-- the member had of the campaign, and what is left of the budgets (in the bucket's share, and with the pool). One row.
select coalesce($5::timestamptz, clock_timestamp()) as at, w.facts as facts_version, a.fingerprint, a.awarded_at,
       (select coalesce(sum(granted_minor), 0)::bigint from ledger.grant
         where bucket = $1 and cause_id = $3) as granted_minor,
       array(select row(u.day, u.granted_minor) from ledger.usage u
              where u.bucket = $1 and u.wallet_id = $2 and u.campaign_id = $6) as used,
       array(select row(b.budget_id, b.kind, b.subject_id, coalesce(s.allotted - s.consumed, 0),
                        b.cap_minor - b.allotted_minor + coalesce(s.allotted - s.consumed, 0))
               from unnest($7::text[], $8::uuid[]) as i (kind, subject_id)
               join coalition.budget b on b.kind = i.kind and b.subject_id = i.subject_id and b.asset = $9
               left join ledger.budget_share s on s.bucket = $1 and s.budget_id = b.budget_id) as budgets
  from ledger.wallet w
  left join ledger.award a on a.bucket = $1 and a.award_id = $3
 where w.bucket = $1 and w.wallet_id = $2 and w.asset = $4
