-- Whether the tables that are never changed refuse to be.
select count(*) = 88 as well, count(*) || ' triggers in force' as seen
  from pg_trigger where tgname in ('append_only', 'no_truncate') and tgenabled in ('O', 'A')
