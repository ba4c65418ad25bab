-- What one bucket can give of each budget: what is left of its share, and what the pool has not allotted.
select b.budget_id, b.cap_minor - b.allotted_minor + coalesce(s.allotted - s.consumed, 0) as room_minor
  from coalition.budget b left join ledger.budget_share s on s.bucket = $1 and s.budget_id = b.budget_id
 where b.budget_id = any ($2)
