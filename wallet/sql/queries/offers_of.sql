-- The offers of some members that held at an instant, now if none is given, of some campaigns or of all ($3 null); none
-- of who wants none. Where two runs at once made two offers for one category, the better one holds.
select * from (
  select distinct on (o.member_id, o.campaign_id, o.category)
         o.member_id, o.campaign_id, o.category, o.bps, o.reason, o.scorer, o.scorer_version, o.valid_from,
         o.valid_until
    from coalition.offer o
    left join coalition.profile p on p.member_id = o.member_id
   where o.member_id = any ($1::uuid[]) and ($3::uuid[] is null or o.campaign_id = any ($3))
     and o.valid_from <= coalesce($2, clock_timestamp()) and o.valid_until > coalesce($2, clock_timestamp())
     and not coalesce(p.favourites_off, false)
   order by o.member_id, o.campaign_id, o.category, o.bps desc, o.valid_from) held
 order by member_id, bps desc, campaign_id, category
