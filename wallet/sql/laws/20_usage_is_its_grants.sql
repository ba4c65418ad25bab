-- What a member had of a campaign on a day is its grants of that day, less what went back of them, and it counts once
-- for each purchase or award.
with granted as (
  select g.bucket, g.wallet_id, g.campaign_id, g.day, sum(g.granted_minor - coalesce(r.reversed, 0)) as granted,
         count(distinct g.cause_id) as times
    from ledger.grant g
    left join (select bucket, cause_id, line_no, version_id, sum(reversed_minor) as reversed
                 from ledger.grant_return group by bucket, cause_id, line_no, version_id) r
      on r.bucket = g.bucket and r.cause_id = g.cause_id and r.line_no = g.line_no and r.version_id = g.version_id
   group by g.bucket, g.wallet_id, g.campaign_id, g.day)
select bucket, wallet_id, campaign_id, day, u.granted_minor, g.granted
  from ledger.usage u full join granted g using (bucket, wallet_id, campaign_id, day)
 where u.granted_minor is distinct from g.granted or u.times is distinct from g.times
