-- Writes an invitation and logs it, both or neither; nothing where the friend has one already.
with accepted as (
  insert into coalition.referral (referral_id, friend_id, referrer_id, code, campaign_id, version_id, accepted_at,
    look_at, reasons, asset)
  values ($1, $2, $3, $4, $5, $6, $7, $7, '[]', $8)
  on conflict do nothing returning *
), logged as (
  insert into coalition.audit (audit_id, actor_kind, actor_id, act, subject_id, detail, document_hash, request_id)
  select $9, $10, $11, 'referral.accept', referral_id,
         jsonb_build_object('friend', $14::text, 'referrer', $15::text), $12, $13 from accepted
)
select exists (select 1 from accepted)
