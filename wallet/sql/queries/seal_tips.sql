-- The last seal of each bucket: one index probe each, however many seals there are.
select tip.bucket, tip.number, tip.sealed_until, tip.head
  from unnest($1::smallint[]) as b (bucket)
 cross join lateral (select s.bucket, s.number, s.sealed_until, s.head
                       from ledger.seal s where s.bucket = b.bucket
                      order by s.number desc limit 1) tip
 order by tip.bucket
