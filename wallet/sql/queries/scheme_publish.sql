-- Publishes a version of a scheme, the scheme with its first one, and the budget of a match ($12, or null), if nothing
-- has changed since its caller looked ($1 is the epoch that it saw) and no more of the budget is allotted than its cap
-- allows. Whoever comes second waits for the programme's row, finds another epoch, writes nothing and gets no row.
with held as materialized (
  select epoch from coalition.programme where epoch = $1 for update
), funded as (
  insert into coalition.budget as b (budget_id, kind, subject_id, asset, cap_minor, alerts)
  select $12, 'match', $2, $13, $14, $15 from held where $12::uuid is not null
  on conflict (budget_id) do update set cap_minor = excluded.cap_minor, alerts = excluded.alerts
   where b.allotted_minor <= excluded.cap_minor
  returning budget_id
), bumped as (
  update coalition.programme p set epoch = p.epoch + 1 from held
   where p.epoch = held.epoch and ($12::uuid is null or exists (select from funded)) returning p.epoch
), scheme as (
  insert into coalition.scheme (scheme_id, kind, name, created_by, created_at)
  select $2, $3, $4, $5, $6 from bumped
  on conflict (scheme_id) do update set name = excluded.name
)
insert into coalition.scheme_version (version_id, scheme_id, version, definition, valid_from, note, published_by,
       published_at)
select $7, $2, $8, $9, $10, $11, $5, $6 from bumped
returning version
