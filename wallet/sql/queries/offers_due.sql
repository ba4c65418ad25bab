-- The next members by id, and whether each is to get new offers of campaign $3 at $4: active, willing, and without an
-- offer that still holds.
select m.member_id, m.wallet_id,
       m.status = 'active' and not coalesce(p.favourites_off, false)
       and not exists (select from coalition.offer o
                        where o.member_id = m.member_id and o.campaign_id = $3 and o.valid_until > $4) as due
  from (select member_id, wallet_id, status from coalition.member
         where $1::uuid is null or member_id > $1 order by member_id limit $2) m
  left join coalition.profile p on p.member_id = m.member_id
 order by m.member_id
