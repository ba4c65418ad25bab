-- Whether every unique index of the books begins with the bucket, so that they can be distributed by it.
with wrong as (
  select i.indexrelid::regclass::text as name
    from pg_index i join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace
    join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0]
   where n.nspname = 'ledger' and i.indisunique and a.attname <> 'bucket' and c.relname <> 'chart')
select count(*) = 0 as well, coalesce(string_agg(name, ', '), 'all') as seen from wrong
