-- The oldest events of the outbox with what is needed to tell the member about them.
select o.bucket, o.event_id, o.topic, o.wallet_id, o.subject_id, o.detail, o.happened_at,
       coalesce(t.asset, p.asset, r.asset, l.asset, c.asset, al.asset, gc.asset) as asset,
       coalesce(pm.name, rm.name, am.name, lm.name, gm.name) as merchant_name,
       b.reversed_minor - b.lapsed_minor - b.from_expired_minor - b.from_given_minor - b.loss_minor as taken_minor,
       b.deficit_minor, b.reason,
       coalesce(tl.expires_at, pl.expires_at, l.expires_at, gc.expires_at) as expires_at,
       t.amount - case when o.topic = 'lot.matured' then coalesce(tl.given, 0) else 0 end as moved_minor,
       c.amount as credit_minor, c.reason as credit_reason, a.kind as award, a.return_reason as award_reason,
       (select k.name from ledger.grant g join coalition.campaign k using (campaign_id)
         where g.bucket = a.bucket and g.cause_id = a.award_id limit 1) as campaign,
       (select f.name from coalition.merchant f where f.merchant_id = (o.detail ->> 'funder_id')::uuid) as funder,
       h.name as charity,
       case o.topic when 'award.posted' then al.amount end as award_minor,
       case o.topic when 'award.reversed' then ar.taken end as award_taken_minor,
       case o.topic when 'award.reversed' then ar.deficit end as award_deficit_minor
  from (select * from ledger.outbox order by bucket, event_id limit $1) o
  left join ledger.transfer t on t.bucket = o.bucket and t.transfer_id = o.event_id
  left join ledger.lot tl on tl.bucket = o.bucket and tl.lot_id = t.lot_id
  left join ledger.purchase_return b on b.bucket = o.bucket and b.return_id = o.subject_id
  left join ledger.purchase p
    on p.bucket = o.bucket and p.purchase_id = coalesce(b.purchase_id, o.subject_id)
  left join ledger.lot pl on pl.bucket = o.bucket and pl.lot_id = p.lot_id
  left join coalition.merchant pm on pm.merchant_id = p.merchant_id
  left join ledger.redemption r on r.bucket = o.bucket and r.redemption_id = o.subject_id
  left join coalition.merchant rm on rm.merchant_id = r.merchant_id
  left join ledger.lot l on l.bucket = o.bucket and l.lot_id = o.subject_id
  left join coalition.merchant lm on lm.merchant_id = l.funder_id
  left join ledger.credit c on c.bucket = o.bucket and c.credit_id = o.subject_id
  left join ledger.award a on a.bucket = o.bucket and a.award_id = o.subject_id
  left join coalition.charity h on h.charity_id = (o.detail ->> 'charity_id')::uuid
  left join coalition.merchant am on am.merchant_id = a.partner_id
  left join ledger.gift_card gc on gc.bucket = o.bucket and gc.card_id = o.subject_id
  left join coalition.merchant gm on gm.merchant_id = gc.merchant_id
  left join lateral (
    select max(i.asset) as asset, sum(i.amount)::bigint as amount
      from ledger.lot i where i.bucket = a.bucket and i.lot_id = any (a.lots)) al on true
  left join lateral (
    select sum(i.reversed_minor - i.lapsed_minor - i.from_given_minor - i.from_expired_minor - i.loss_minor)::bigint
             as taken, sum(i.deficit_minor)::bigint as deficit
      from ledger.return_lot i where i.bucket = a.bucket and i.return_id = a.return_id) ar on true
