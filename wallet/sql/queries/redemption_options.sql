-- Partners as one member stands to them: the wallet in the partner's asset, the link, the rules of spending, what was
-- spent before. Of all partners those that are open to everybody; of one that is named, in whatever state it is.
with rules as (
  select one_minor, merchants, territories from coalition.spending_rules order by version desc limit 1
), spent as (
  select merchant_id, max(captured) as largest from ledger.redemption
   where bucket = $1 and wallet_id = $2 and captured > 0 group by merchant_id
)
select p.partner_id, p.merchant_id, p.name, p.adapter, p.offers, p.asset, p.territories,
       p.status = 'active' and m.status = 'active' as open,
       coalesce(p.merchant_id = any (r.merchants), true) as accepted,
       r.one_minor, coalesce(r.territories, '{}') as coalition,
       coalesce(w.credited - w.debited - w.held, 0) as available, coalesce(w.state, 'open') as wallet_state,
       coalesce(k.locked, false) as locked, f.country,
       l.link_id, l.subject, l.status as link_status,
       exists (select 1 from spent s where s.merchant_id = p.merchant_id) as met,
       coalesce((select max(largest) from spent), 0) as largest_minor
  from partner.partner p
  join coalition.merchant m on m.merchant_id = p.merchant_id
  left join rules r on true
  left join ledger.wallet w on w.bucket = $1 and w.wallet_id = $2 and w.asset = p.asset
  left join ledger.spend_lock k on k.bucket = $1 and k.wallet_id = $2
  left join coalition.profile f on f.member_id = $3
  left join partner.link l on l.partner_id = p.partner_id and l.member_id = $3
   and l.status in ('active', 'reauth_required')
 where case when $4::uuid is null then p.status = 'active' and m.status = 'active' else p.partner_id = $4 end
 order by p.name, p.partner_id limit $5
