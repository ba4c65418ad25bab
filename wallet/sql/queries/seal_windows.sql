-- The seals in the order of time: each end of a range with the seals that end there. Their leaves
-- are left out, so that the sort stays small.
select sealed_until, array_agg(bucket order by bucket, number) as buckets,
       array_agg(number order by bucket, number) as numbers
  from ledger.seal group by sealed_until order by sealed_until
