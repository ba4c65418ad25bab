-- Publishes a version of a scheme, and the scheme with its first one, if nothing has changed since its caller looked
-- ($1 is the epoch that it saw). Whoever comes second finds another epoch, writes nothing and gets no row.
with bumped as (
  update coalition.programme set epoch = epoch + 1 where epoch = $1 returning epoch
), scheme as (
  insert into coalition.scheme (scheme_id, kind, name, created_by, created_at)
  select $2, $3, $4, $5, $6 from bumped
  on conflict (scheme_id) do update set name = excluded.name
)
insert into coalition.scheme_version (version_id, scheme_id, version, definition, valid_from, note, published_by,
       published_at)
select $7, $2, $8, $9, $10, $11, $5, $6 from bumped
returning version
