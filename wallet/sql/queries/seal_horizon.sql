-- Up to where sealing may go by the clock, and who is writing transfers now. now() is the start of
-- this statement: whoever posted a row before it holds a lock in this list, or has ended.
select least($1::timestamptz, now()) - $2::interval as horizon,
       coalesce((select array_agg(virtualtransaction)
                   from pg_locks
                  where relation = 'ledger.transfer'::regclass and mode = 'RowExclusiveLock'
                    and granted
                    and database = (select oid from pg_database where datname = current_database())),
                '{}') as writers
