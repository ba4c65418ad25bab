-- What changed a member's tier is the member's own: each cause is a purchase, an award or a completion of the wallet, a
-- change that the staff made has its override, one by a plan has a payment for a version of it that gives this tier,
-- and all of it lies in the wallet's bucket and has seen no facts that are not there. A later payment may be for
-- another plan.
select c.bucket, c.change_id as id, 'cause' as what
  from ledger.tier_change c
 cross join unnest(c.causes) as u (cause_id)
  left join ledger.purchase p on p.bucket = c.bucket and p.purchase_id = u.cause_id and p.wallet_id = c.wallet_id
  left join ledger.award a on a.bucket = c.bucket and a.award_id = u.cause_id and a.wallet_id = c.wallet_id
  left join ledger.completion m
    on m.bucket = c.bucket and m.completion_id = u.cause_id and m.wallet_id = c.wallet_id
 where p.purchase_id is null and a.award_id is null and m.completion_id is null
union all
select c.bucket, c.change_id, 'override'
  from ledger.tier_change c
 where c.why = 'override' and not exists (
   select 1 from ledger.tier_override o
    where o.bucket = c.bucket and o.wallet_id = c.wallet_id and o.scheme_id = c.scheme_id and o.tier = c.to_tier
      and c.effective_at >= o.since and c.effective_at < o.until)
union all
select c.bucket, c.change_id, 'membership'
  from ledger.tier_change c
 where c.why = 'membership' and not exists (
   select 1 from ledger.membership_act a join coalition.scheme_version v on v.version_id = a.version_id
    where a.bucket = c.bucket and a.wallet_id = c.wallet_id and v.definition #>> '{tier,tier}' = c.to_tier
      and (v.definition #>> '{tier,ladder}')::uuid = c.scheme_id
      and c.effective_at >= a.effective_at and c.effective_at < a.entitled_until)
union all
select s.bucket, s.wallet_id, 'facts'
  from ledger.standing s
 where s.bucket <> get_byte(uuid_send(s.wallet_id), 15)
    or s.facts_seen > (select max(w.facts) from ledger.wallet w
                        where w.bucket = s.bucket and w.wallet_id = s.wallet_id)
