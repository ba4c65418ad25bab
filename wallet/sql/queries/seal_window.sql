-- The seals named, whole.
select s.bucket, s.number, s.sealed_from, s.sealed_until, s.rows, s.leaves, s.head
  from unnest($1::smallint[], $2::bigint[]) as named (bucket, number)
  join ledger.seal s on s.bucket = named.bucket and s.number = named.number
 order by s.bucket, s.number
