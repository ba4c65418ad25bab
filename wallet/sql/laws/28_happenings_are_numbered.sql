-- What happened to a member is numbered from one, without gaps, and a milestone of it was reached as often as it was
-- told, and taken back as often as that was told.
select bucket, wallet_id, null::uuid as subject_id, count(*) as told
  from ledger.happening group by bucket, wallet_id having max(n) <> count(*)
union all
select coalesce(h.bucket, c.bucket), coalesce(h.wallet_id, c.wallet_id), coalesce(h.subject_id, c.completion_id),
       coalesce(h.told, 0)
  from (select bucket, wallet_id, subject_id, count(*) as told from ledger.happening
         where topic like 'milestone.%' group by 1, 2, 3) h
  full join ledger.completion c
    on c.bucket = h.bucket and c.wallet_id = h.wallet_id and c.completion_id = h.subject_id
 where h.told is distinct from case when c.completion_id is null then 0 when c.taken_back_at is null then 1 else 2 end
