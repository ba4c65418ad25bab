-- How many transfers were posted in a range, counted to at most $3.
select count(*)
  from (select 1 from ledger.transfer where posted_at >= $1 and posted_at < $2 limit $3) counted
