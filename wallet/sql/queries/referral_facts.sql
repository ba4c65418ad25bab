-- What an invitation is judged by: the two people, who accepted a day around it by the same member, who invited whom
-- above it, and the purchases of that member's invitations and of the one by which they came. One row.
with recursive it as (select * from coalition.referral where referral_id = $1),
above as (
  select r.referrer_id, 1 as depth from coalition.referral r join it on r.friend_id = it.referrer_id
  union all
  select r.referrer_id, a.depth + 1 from coalition.referral r join above a on r.friend_id = a.referrer_id
   where a.depth < $2
),
people as (
  select m.member_id, m.email, m.display_name, p.birth_date, m.status <> 'active' as suspended,
         array(select distinct b.instrument from ledger.purchase b
                where b.bucket = get_byte(uuid_send(m.wallet_id), 15) and b.wallet_id = m.wallet_id
                  and b.instrument is not null order by 1 limit $3) as instruments
    from coalition.member m left join coalition.profile p using (member_id), it
   where m.member_id in (it.friend_id, it.referrer_id)
)
select (select row(p.*) from people p where p.member_id = it.friend_id) as friend,
       (select row(p.*) from people p where p.member_id = it.referrer_id) as referrer,
       array(select r.accepted_at from coalition.referral r
              where r.referrer_id = it.referrer_id and r.accepted_at between it.accepted_at - interval '1 day'
                and it.accepted_at + interval '1 day' order by r.accepted_at limit $3) as accepted,
       array(select a.referrer_id from above a order by a.depth) as above,
       array(select row(b.merchant_id, b.total_minor) from coalition.referral r
               join ledger.purchase b on b.bucket = get_byte(uuid_send(r.purchase_id), 15)
                and b.purchase_id = r.purchase_id
              where r.referrer_id = it.referrer_id or r.friend_id = it.referrer_id
              order by r.accepted_at desc limit $3) as deals
  from it
