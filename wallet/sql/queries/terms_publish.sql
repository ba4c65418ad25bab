-- Publishes a set of terms, and keeps those of its wordings that are new: nothing for a request that was known, and
-- nothing for a contract version that is not there.
with made as (
  insert into coalition.terms_publication
         (request_id, subject_kind, subject_id, document_ids, reason, published_by, published_at)
  select $1, $2, $3, $4, $5, $6, coalesce($7::timestamptz, clock_timestamp())
   where $2 = 'programme' or exists (select 1 from coalition.contract where contract_id = $3)
  on conflict (request_id) do nothing
  returning published_at
), written as (
  insert into coalition.terms_document
         (document_id, subject_kind, subject_id, language, text, digest, acceptance, published_at)
  select d.document_id, $2, $3, d.language, d.text, sha256(convert_to(d.text, 'UTF8')), $8, made.published_at
    from made cross join unnest($4::uuid[], $9::text[], $10::text[]) as d (document_id, language, text)
  on conflict (document_id) do nothing
)
select count(*) = 1 from made
