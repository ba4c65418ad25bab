-- Whatever a campaign gave or explained has its purchase or award, in the same bucket and for the same member; a coupon
-- was used by a purchase of its member, another benefit by a request of its bucket; an award names its lots, and has
-- them all back when it is reversed.
with cause as (
  select bucket, purchase_id as cause_id, wallet_id from ledger.purchase
  union all select bucket, award_id, wallet_id from ledger.award)
select g.bucket, g.cause_id as id, 'grant' as what
  from ledger.grant g left join cause c on c.bucket = g.bucket and c.cause_id = g.cause_id
 where c.wallet_id is distinct from g.wallet_id
union all
select e.bucket, e.cause_id, 'explanation'
  from ledger.explanation e left join cause c on c.bucket = e.bucket and c.cause_id = e.cause_id
 where c.wallet_id is distinct from e.wallet_id
union all
select d.bucket, d.cause_id, 'draw'
  from ledger.budget_draw d left join cause c on c.bucket = d.bucket and c.cause_id = d.cause_id
 where c.cause_id is null
   and not exists (select 1 from ledger.match m where m.bucket = d.bucket and m.match_id = d.cause_id)
union all
select g.bucket, g.gift_id, 'gift'
  from ledger.gift g left join cause c on c.bucket = g.bucket and c.cause_id = g.cause_id
 where c.wallet_id is distinct from g.wallet_id
union all
select b.bucket, b.benefit_id, 'benefit'
  from ledger.benefit b
  left join ledger.purchase p on p.bucket = b.bucket and p.purchase_id = b.used_by
 where b.bucket <> get_byte(uuid_send(b.wallet_id), 15)
    or (b.kind = 'coupon' and b.used_by is not null and p.wallet_id is distinct from b.wallet_id)
    or (b.kind = 'badge' and b.used_by is not null)
    or (b.used_by is not null and b.bucket <> get_byte(uuid_send(b.used_by), 15))
union all
select a.bucket, a.award_id, 'award'
  from ledger.award a
  left join (select l.bucket, l.cause_id, array_agg(l.lot_id) as lots, sum(l.amount) as amount,
                    coalesce(sum(r.reversed), 0) as reversed
               from ledger.lot l
               left join (select bucket, lot_id, sum(reversed_minor) as reversed
                            from ledger.return_lot group by bucket, lot_id) r
                 on r.bucket = l.bucket and r.lot_id = l.lot_id
              group by l.bucket, l.cause_id) o on o.bucket = a.bucket and o.cause_id = a.award_id
 where a.bucket <> get_byte(uuid_send(a.award_id), 15) or a.bucket <> get_byte(uuid_send(a.wallet_id), 15)
    or not (a.lots @> coalesce(o.lots, '{}') and coalesce(o.lots, '{}') @> a.lots)
    or coalesce(o.reversed, 0) <> case when a.reversed_at is null then 0 else coalesce(o.amount, 0) end
