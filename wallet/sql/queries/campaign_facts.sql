-- What campaigns ask about members, one row for each purchase of $1 (a list of: n, bucket, wallet, member, purchase,
-- at, day, asset, segments?, terms?, favourites?, offers?, standings?, memberships?, measures, usage, coupons,
-- budgets): sums over purchases net of returns, what they got of campaigns, who they are, their coupons, and what is
-- left of budgets, in their bucket and in the pool.
with item as (
  select * from jsonb_to_recordset($1::jsonb) as i (
    n int, bucket smallint, wallet uuid, member uuid, purchase uuid, at timestamptz, day date, asset smallint,
    segments boolean, terms boolean, favourites boolean, offers boolean, standings boolean, memberships boolean,
    measures jsonb,
    usage jsonb, coupons uuid[], budgets uuid[]))
select i.n, w.facts, m.created_at as joined_at, p.birth_date, p.tier,
       case when i.segments then array(
         select s.name from coalition.segment_member b join coalition.segment s on s.segment_id = b.segment_id
          where b.member_id = i.member and b.since <= i.at and (b.until is null or b.until > i.at)) end as segments,
       case when i.memberships then array(
         -- By the acts: a purchase may be reported after its member went over to another plan.
         select e.scheme_id from (
           select distinct on (membership_id) scheme_id, entitled_until from ledger.membership_act
            where bucket = i.bucket and wallet_id = i.wallet and effective_at <= i.at
            order by membership_id, number desc) e where e.entitled_until > i.at) end as memberships,
       case when i.terms then array(
         select a.document_id from coalition.terms_acceptance a
          where a.member_id = i.member and a.accepted_at <= i.at) end as accepted,
       case when i.favourites and not coalesce(p.favourites_off, false) then array(
         select f.category from coalition.favourite f where f.member_id = i.member order by f.place) end as favourites,
       case when i.offers and not coalesce(p.favourites_off, false) then (
         select jsonb_agg(jsonb_build_array(o.campaign_id, o.category, o.bps, o.scorer)) from (
           select distinct on (campaign_id, category) campaign_id, category, bps, scorer from coalition.offer
            where member_id = i.member and valid_from <= i.at and valid_until > i.at
            order by campaign_id, category, bps desc, valid_from) o) end as offers,
       case when i.standings then (
         select jsonb_agg(to_jsonb(t)) from ledger.standing t
          where t.bucket = i.bucket and t.wallet_id = i.wallet) end as standings,
       (select jsonb_agg(jsonb_build_array(a.purchases, a.kept) order by q.place)
          from jsonb_array_elements(i.measures) with ordinality as q (asked, place)
         cross join lateral (
           select count(*) filter (where k.kept > 0) as purchases, coalesce(sum(k.kept), 0)::bigint as kept
             from (select b.total_minor - case when b.version = 0 then 0 else coalesce((
                            select sum(r.amount_minor) from ledger.purchase_return_line r
                             where r.bucket = b.bucket and r.purchase_id = b.purchase_id), 0) end as kept
                     from ledger.purchase b
                    where b.bucket = i.bucket and b.wallet_id = i.wallet and b.purchase_id <> i.purchase
                      and (b.purchased_at <= i.at or q.asked -> 'before' = 'false')
                      and b.purchased_at >= coalesce((q.asked ->> 'since')::timestamptz, '-infinity')
                      and (q.asked -> 'merchants' = 'null' or q.asked -> 'merchants' ? b.merchant_id::text)) k
         ) a) as measures,
       (select jsonb_agg(jsonb_build_array(u.campaign_id, u.day, u.granted_minor, u.times))
          from jsonb_array_elements(i.usage) as q (asked)
          join ledger.usage u on u.bucket = i.bucket and u.wallet_id = i.wallet
           and u.campaign_id = (q.asked ->> 'campaign')::uuid
           and u.day >= coalesce((q.asked ->> 'since')::date, '-infinity')) as usage,
       (select jsonb_agg(jsonb_build_array(b.benefit_id, b.name,
                 b.wallet_id = i.wallet and b.kind in ('coupon', 'badge_once')
                   and coalesce(b.expires_at > i.at, true) and (b.used_at is null or b.used_by = i.purchase)))
          from ledger.benefit b
         where b.bucket = i.bucket and b.benefit_id = any (i.coupons)) as coupons,
       (select jsonb_agg(jsonb_build_array(g.budget_id, coalesce(s.allotted - s.consumed, 0),
                 g.cap_minor - g.allotted_minor))
          from coalition.budget g
          left join ledger.budget_share s on s.bucket = i.bucket and s.budget_id = g.budget_id
         where g.budget_id = any (i.budgets)) as room
  from item i
  left join ledger.wallet w on w.bucket = i.bucket and w.wallet_id = i.wallet and w.asset = i.asset
  left join coalition.member m on m.member_id = i.member
  left join coalition.profile p on p.member_id = i.member
 order by i.n
