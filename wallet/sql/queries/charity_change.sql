-- One step of a charity, if it still stands as it was judged: the row as it stands, and the step with all of it.
with moved as (
  insert into coalition.charity as c
    (charity_id, version, state, name, about, category, country, registrar, registration, website, created_at)
  values ($1, $2, $3, $4::jsonb ->> 'name', $4::jsonb ->> 'about', $4::jsonb ->> 'category',
    $4::jsonb ->> 'country', $4::jsonb ->> 'registrar', $4::jsonb ->> 'registration', $4::jsonb ->> 'website',
    coalesce($5::timestamptz, clock_timestamp()))
  on conflict (charity_id) do update set version = excluded.version, state = excluded.state, name = excluded.name,
    about = excluded.about, category = excluded.category, country = excluded.country, registrar = excluded.registrar,
    registration = excluded.registration, website = excluded.website
    where c.version = excluded.version - 1
  returning version)
insert into coalition.charity_change
  (change_id, charity_id, version, act, state, facts, reason, evidence, actor_kind, actor_id, happened_at)
select $6, $1, version, $7, $3, $4::jsonb, $8, $9, $10, $11, coalesce($5::timestamptz, clock_timestamp()) from moved
returning version
