-- What each budget's cap is, and what all buckets have given of it.
select b.budget_id, b.cap_minor, coalesce(sum(s.consumed), 0)::bigint as given_minor
  from coalition.budget b left join ledger.budget_share s on s.bucket = any ($2) and s.budget_id = b.budget_id
 where b.budget_id = any ($1) group by b.budget_id
