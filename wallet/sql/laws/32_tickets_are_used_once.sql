-- A used ticket was spun or entered once, for its own draw and by its own member; whatever was spun or entered has used
-- up its ticket. All of them lie in the wallet's bucket.
with used as (
  select bucket, spin_id as used_by, ticket_id, wallet_id, draw_id, spun_at as used_at from ledger.spin
  union all select bucket, entry_id, ticket_id, wallet_id, draw_id, entered_at from ledger.entry)
select coalesce(t.bucket, u.bucket) as bucket, coalesce(t.ticket_id, u.ticket_id) as id
  from ledger.ticket t full join used u on u.bucket = t.bucket and u.ticket_id = t.ticket_id
 where (t.used_by, t.used_at) is distinct from (u.used_by, u.used_at)
    or (u.used_by is not null and (t.wallet_id, t.draw_id) is distinct from (u.wallet_id, u.draw_id))
    or t.bucket <> get_byte(uuid_send(t.ticket_id), 15) or t.bucket <> get_byte(uuid_send(t.wallet_id), 15)
    or t.bucket <> get_byte(uuid_send(t.used_by), 15)
