-- What must be known when a member accepts an invitation: the clock, whose code it is (only an active member's counts),
-- whether the friend has bought already, by which invitation they came, and the campaigns that answer to referrals and
-- are in force: the last publication that holds, unless a pause or an end holds too. One row.
with moment as (select coalesce($5::timestamptz, clock_timestamp()) as at),
holding as (
  select c.* from coalition.campaign_change c, moment where c.effective_at <= at and c.recorded_at <= at
),
published as (
  select distinct on (campaign_id) campaign_id, version_id from holding where act = 'publish'
   order by campaign_id, recorded_at desc, change_id desc
),
paused as (
  select distinct on (campaign_id) campaign_id, act from holding where act in ('pause', 'resume')
   order by campaign_id, recorded_at desc, change_id desc
)
select (select at from moment) as at,
       (select c.member_id from coalition.referral_code c join coalition.member m using (member_id)
         where c.code = $1 and m.status = 'active') as referrer_id,
       exists (select 1 from ledger.purchase where bucket = $3 and wallet_id = $4) as has_bought,
       (select r.referral_id from coalition.referral r where r.friend_id = $2) as referral_id,
       array(select row(p.campaign_id, p.version_id) from published p
               join coalition.campaign_version v using (version_id)
              where v.definition #>> '{on,on}' = 'referral'
                and not exists (select 1 from paused s where s.campaign_id = p.campaign_id and s.act = 'pause')
                and not exists (select 1 from holding h
                                 where h.campaign_id = p.campaign_id and h.act in ('end', 'archive'))
              order by (v.definition #>> '{stack,priority}')::int, p.campaign_id) as campaigns
