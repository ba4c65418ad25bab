-- What was reached was reached by purchases, activities and plays of the same member, and paid to the same member;
-- whatever was done lies in its member's bucket. Materialized, so that every cause is read once and joined;
-- else the planner looks each one up by its id alone, which searches the index once for every bucket.
with cause as materialized (
  select bucket, purchase_id as cause_id, wallet_id from ledger.purchase
  union all select bucket, activity_id, wallet_id from ledger.activity
  union all select bucket, play_id, wallet_id from ledger.play)
select c.bucket, c.completion_id as id, 'cause' as what
  from ledger.completion c
 cross join unnest(c.causes) as i (cause_id)
  left join cause o on o.bucket = c.bucket and o.cause_id = i.cause_id
 where o.wallet_id is distinct from c.wallet_id
union all
select bucket, completion_id, 'completion' from ledger.completion
 where cardinality(causes) = 0 or bucket <> get_byte(uuid_send(wallet_id), 15)
    or bucket <> get_byte(uuid_send(completion_id), 15)
union all
select c.bucket, c.completion_id, 'award'
  from ledger.completion c join ledger.award a on a.bucket = c.bucket and a.award_id = c.award_id
 where (a.wallet_id, a.kind) is distinct from (c.wallet_id, 'milestone')
union all
select bucket, activity_id, 'activity' from ledger.activity
 where bucket <> get_byte(uuid_send(wallet_id), 15) or bucket <> get_byte(uuid_send(activity_id), 15)
