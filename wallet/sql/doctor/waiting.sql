-- What has waited too long for a worker: holds a quarter of an hour past their end, lots an hour past their day.
select holds = 0 and lots = 0 as well,
       format('%s events, %s expired holds and %s due lots wait', events, holds, lots) as seen
  from (select (select count(*) from ledger.outbox) as events,
               (select count(*) from ledger.redemption
                 where state = 'held' and expires_at < clock_timestamp() - interval '15 minutes') as holds,
               (select count(*) from ledger.lot where due_at < clock_timestamp() - interval '1 hour') as lots) waiting
