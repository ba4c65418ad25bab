-- The documents of the newest set of each subject at an instant ($3; null: now), by language. A merchant's subject is
-- its contract version in force then; the programme and a contract version are subjects themselves.
with asked as (
  select k.key, case when $1 = 'merchant' then c.contract_id else k.key end as subject_id
    from unnest($2::uuid[]) as k (key)
    left join lateral (
      select contract_id from coalition.contract
       where $1 = 'merchant' and merchant_id = k.key and valid_from <= coalesce($3::timestamptz, clock_timestamp())
       order by version desc limit 1
    ) c on true
)
select a.key, d.document_id, d.subject_kind, d.subject_id, d.language, d.text, d.digest, d.acceptance
  from asked a
 cross join lateral (
   select p.document_ids from coalition.terms_publication p
    where p.subject_kind = case when $1 = 'programme' then 'programme' else 'contract' end
      and p.subject_id = a.subject_id and p.published_at <= coalesce($3::timestamptz, clock_timestamp())
    order by p.published_at desc, p.request_id desc limit 1
 ) p
  join coalition.terms_document d on d.document_id = any(p.document_ids)
 order by a.key, d.language
