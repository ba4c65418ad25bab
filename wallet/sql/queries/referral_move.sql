-- Moves an invitation on if it still stands as it was seen, and logs it: both or neither.
with moved as (
  update coalition.referral r
     set state = n.state, version = r.version + 1, look_at = n.look_at, purchase_id = n.purchase_id,
         clears_at = n.clears_at, score = n.score, reasons = n.reasons, decided_by = n.decided_by,
         decided_at = n.decided_at, friend_minor = n.friend_minor, referrer_minor = n.referrer_minor,
         friend_award = n.friend_award, referrer_award = n.referrer_award, seat_year = n.seat_year, seat = n.seat
    from jsonb_populate_record(null::coalition.referral, $3::jsonb) n
   where r.referral_id = n.referral_id and r.state = $1 and r.version = $2
  returning r.referral_id
), logged as (
  insert into coalition.audit (audit_id, actor_kind, actor_id, act, subject_id, reason, detail, document_hash,
    request_id)
  select $4, $5, $6, $7, referral_id, $8, $9::jsonb, $10, $11 from moved
)
select exists (select 1 from moved)
