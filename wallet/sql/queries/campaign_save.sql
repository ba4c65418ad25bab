-- Saves the next version of a campaign, and the campaign with its first one; the wordings that are new are kept as
-- documents. Two versions that are saved at once want the same number: the later one is refused and counts anew.
with made as (
  insert into coalition.campaign (campaign_id, name, merchant_id, created_by, created_at)
  values ($1, $2, $3, $4, coalesce($5::timestamptz, clock_timestamp()))
  on conflict (campaign_id) do update set name = excluded.name
), saved as (
  insert into coalition.campaign_version (version_id, campaign_id, version, definition, note, saved_by, saved_at)
  select $6, $1, coalesce(max(version), 0) + 1, $7::jsonb, $8, $4, coalesce($5::timestamptz, clock_timestamp())
    from coalition.campaign_version where campaign_id = $1
  on conflict (version_id) do nothing
  returning version_id
), written as (
  insert into coalition.terms_document
         (document_id, subject_kind, subject_id, language, text, digest, acceptance, published_at)
  select d.document_id, 'campaign', $1, d.language, d.text, sha256(convert_to(d.text, 'UTF8')), $9,
         coalesce($5::timestamptz, clock_timestamp())
    from unnest($10::uuid[], $11::text[], $12::text[]) as d (document_id, language, text)
  on conflict (document_id) do nothing
)
select version_id from saved
