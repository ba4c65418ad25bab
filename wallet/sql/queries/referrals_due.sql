-- The invitations to look at now, longest due first, each with the purchase that it rests on; one that waits has the
-- friend's first that is enough. Enough is what was paid in money and has not come back, in the campaign's time and at
-- its merchants, if its cashback did not lapse. With an id it is that one, due or not.
select r.*, coalesce($1::timestamptz, clock_timestamp()) as at, b.*
  from (select * from coalition.referral
         where case when $3::uuid is null then look_at <= coalesce($1::timestamptz, clock_timestamp())
                    else referral_id = $3 end
         order by look_at limit $2) r
  join coalition.campaign_version v on v.version_id = r.version_id
  join coalition.member m on m.member_id = r.friend_id
  left join lateral (
    select p.purchase_id as bought_id, p.merchant_id, p.purchased_at, k.kept_minor, l.due_at,
           case when l.lot_id is null or l.available_at is not null then 'yes'
                when l.pending > 0 then 'not_yet' else 'never' end as confirmed
      from ledger.purchase p
      left join ledger.lot l on l.bucket = p.bucket and l.lot_id = coalesce(p.lot_id, p.lots[1]),
      lateral (select p.total_minor - p.cashback_paid_minor - coalesce(sum(i.amount_minor), 0)::bigint as kept_minor
                 from ledger.purchase_return_line i
                where i.bucket = p.bucket and i.purchase_id = p.purchase_id) k
     where p.bucket = get_byte(uuid_send(m.wallet_id), 15) and p.wallet_id = m.wallet_id
       and case when r.purchase_id is not null then p.purchase_id = r.purchase_id
           else p.purchased_at > r.accepted_at
            and p.purchased_at <= r.accepted_at + make_interval(days => (v.definition #>> '{on,within_days}')::int)
            and k.kept_minor >= (v.definition #>> '{on,purchase_min_minor}')::bigint
            and (v.definition -> 'merchants' = '[]' or v.definition -> 'merchants' ? p.merchant_id::text)
            and (l.lot_id is null or l.available_at is not null or l.pending > 0) end
     order by p.purchased_at, p.purchase_id limit 1) b on true
 order by r.look_at
