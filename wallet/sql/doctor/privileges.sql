-- Whether the application role can write a ledger table by itself; emptying the outbox and adding seals is all it may.
with granted as (
  select c.relname || ' ' || p.name as what
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    cross join unnest(array['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) as p (name)
   where n.nspname = 'ledger' and c.relkind in ('r', 'p')
     and has_table_privilege('commonpurse_app', c.oid, p.name)
     and (c.relname, p.name) not in (('outbox', 'DELETE'), ('seal', 'INSERT')))
select count(*) = 0 as well, coalesce(string_agg(what, ', '), 'only by the functions') as seen from granted
