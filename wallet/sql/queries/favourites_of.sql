-- The favourites of some members, the dearest first; none of who wants none, from that very moment on.
select f.member_id, f.place, f.category, f.reason
  from coalition.favourite f
  left join coalition.profile p on p.member_id = f.member_id
 where f.member_id = any ($1::uuid[]) and not coalesce(p.favourites_off, false)
 order by f.member_id, f.place
