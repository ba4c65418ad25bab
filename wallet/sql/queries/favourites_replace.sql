-- Put favourites in place of the last ones, in one statement: $1 and $2 say who was looked at and how many favourites
-- each has now, the rest are the rows. A look at an earlier instant never replaces a later one.
with kept as (
  insert into coalition.favourite as f (member_id, place, category, reason, computed_at)
  select n.member_id, n.place, n.category, n.reason, $7
    from unnest($3::uuid[], $4::smallint[], $5::text[], $6::jsonb[]) as n (member_id, place, category, reason)
   order by n.member_id, n.place
      on conflict (member_id, place) do update
     set category = excluded.category, reason = excluded.reason, computed_at = excluded.computed_at
   where f.computed_at <= excluded.computed_at
)
delete from coalition.favourite f using unnest($1::uuid[], $2::smallint[]) as looked (member_id, places)
 where f.member_id = looked.member_id and f.place > looked.places and f.computed_at <= $7
