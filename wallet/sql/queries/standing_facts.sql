-- Everything that where members stand on ladders is worked out from, one row for each of the wallets $2 in their
-- buckets $1, in one look: the wallet's facts, the newest $8 purchases in the house's asset $3 with what came back of
-- each when, the newest $8 points of the assets $4, the newest $7 completions of the milestones $6, the newest $7 tiers
-- that the staff and paid plans gave from when until when, and the standings as they are. What an act of a membership
-- left holds until the next one that reaches back so far.
select i.bucket, i.wallet_id, coalesce($5::timestamptz, clock_timestamp()) as at, w.facts, m.created_at as joined_at,
       (select jsonb_agg(jsonb_build_array(p.purchase_id, p.purchased_at, p.merchant_id, p.total_minor,
                 p.cashback_paid_minor,
                 case when p.version = 0 then '[]'::jsonb else coalesce((
                   select jsonb_agg(jsonb_build_array(r.returned_at, l.amount_minor))
                     from ledger.purchase_return r
                     join ledger.purchase_return_line l
                       on l.bucket = r.bucket and l.purchase_id = r.purchase_id and l.return_id = r.return_id
                    where r.bucket = p.bucket and r.purchase_id = p.purchase_id), '[]') end))
          from (select * from ledger.purchase
                 where bucket = i.bucket and wallet_id = i.wallet_id and asset = $3
                 order by purchased_at desc, purchase_id desc limit $8) p) as purchases,
       case when cardinality($4::smallint[]) > 0 then (
         select jsonb_agg(jsonb_build_array(l.cause_id, coalesce(p.purchased_at, l.earned_at),
                  coalesce(p.merchant_id, l.funder_id), l.amount, 0, coalesce((
                    select jsonb_agg(jsonb_build_array(coalesce(r.returned_at, a.reversed_at), t.reversed_minor))
                      from ledger.return_lot t
                      left join ledger.purchase_return r on r.bucket = t.bucket and r.return_id = t.return_id
                      left join ledger.award a on a.bucket = l.bucket and a.award_id = l.cause_id
                     where t.bucket = l.bucket and t.lot_id = l.lot_id), '[]')))
           from (select * from ledger.lot
                  where bucket = i.bucket and wallet_id = i.wallet_id and asset = any ($4)
                  order by earned_at desc, lot_id desc limit $8) l
           left join ledger.purchase p on p.bucket = l.bucket and p.purchase_id = l.cause_id) end as points,
       case when cardinality($6::uuid[]) > 0 then (
         select jsonb_agg(jsonb_build_array(c.completion_id, c.reached_at, c.milestone_id, c.taken_back_at))
           from (select * from ledger.completion
                  where bucket = i.bucket and wallet_id = i.wallet_id and milestone_id = any ($6)
                  order by reached_at desc, completion_id desc limit $7) c) end as completions,
       (select jsonb_agg(jsonb_build_array(g.given_by, g.ladder, g.tier, g.since, g.until))
          from (select 'override' as given_by, o.scheme_id as ladder, o.tier, o.since, o.until
                  from ledger.tier_override o
                 where o.bucket = i.bucket and o.wallet_id = i.wallet_id
                 union all
                select 'membership', (v.definition #>> '{tier,ladder}')::uuid, v.definition #>> '{tier,tier}',
                       a.effective_at, least(a.entitled_until, a.followed_at)
                  from (select b.version_id, b.effective_at, b.entitled_until,
                               min(b.effective_at) over (partition by b.membership_id order by b.number
                                 rows between 1 following and unbounded following) as followed_at
                          from ledger.membership_act b
                         where b.bucket = i.bucket and b.wallet_id = i.wallet_id) a
                  join coalition.scheme_version v on v.version_id = a.version_id
                 where v.definition #> '{tier,tier}' is not null
                 order by since desc limit $7) g
         where g.since < g.until) as given,
       (select jsonb_agg(jsonb_build_array(s.scheme_id, s.tier, s.changes, s.looked_at, (
                 select c.effective_at from ledger.tier_change c
                  where c.bucket = s.bucket and c.wallet_id = s.wallet_id and c.scheme_id = s.scheme_id
                    and c.n = s.changes), s.lifetime))
          from ledger.standing s
         where s.bucket = i.bucket and s.wallet_id = i.wallet_id) as standings
  from unnest($1::smallint[], $2::uuid[]) as i (bucket, wallet_id)
  join ledger.wallet w on w.bucket = i.bucket and w.wallet_id = i.wallet_id and w.asset = $3
  join coalition.member m on m.wallet_id = i.wallet_id
