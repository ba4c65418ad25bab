-- Publishes rules under the next number: 'new', or 'replayed' where this request was published before. Null where
-- another request has taken the number meanwhile.
with known as (
  select 1 from coalition.spending_rules where request_id = $1
), added as (
  insert into coalition.spending_rules
    (version, request_id, one_minor, day_minor, hour_most, day_most, merchants, territories, note, published_by)
  select coalesce((select max(version) from coalition.spending_rules), 0) + 1, $1, $2::bigint, $3::bigint, $4, $5,
         $6::uuid[], $7::text[], $8, $9
   where not exists (select 1 from known)
  on conflict do nothing returning version)
select case when exists (select 1 from known) then 'replayed' when exists (select 1 from added) then 'new' end
