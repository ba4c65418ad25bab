-- Writes the next seal of each bucket named, all or none: where another worker was first, the
-- primary key refuses. In bucket order, so that two workers never wait for each other in a circle.
insert into ledger.seal (bucket, number, sealed_from, sealed_until, rows, leaves, head)
select *
  from unnest($1::smallint[], $2::bigint[], $3::timestamptz[], $4::timestamptz[], $5::bigint[],
              $6::bytea[], $7::bytea[]) as fresh (bucket, number)
 order by bucket
