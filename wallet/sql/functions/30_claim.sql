-- Claims merchants' references, each for one sale, and says whose each one is. Sorted, so that two batches with the
-- same references in another order wait for each other instead of deadlocking. A claim whose sale was refused, or that
-- was made under a key which already stood for another sale, is free again.
create or replace function ledger.claim(p_buckets smallint[], p_claims ledger.claim_in[])
returns table (
  merchant_id uuid, reference text, purchase_id uuid, wallet_id uuid, fingerprint uuid, claimed_at timestamptz)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
  insert into ledger.claim as c (bucket, merchant_id, reference, purchase_id, wallet_id, fingerprint)
  select distinct on (i.bucket, i.merchant_id, i.reference)
         i.bucket, i.merchant_id, i.reference, i.purchase_id, i.wallet_id, i.fingerprint
    from unnest(p_claims) with ordinality as i (bucket, merchant_id, reference, purchase_id, wallet_id, fingerprint, n)
   where i.bucket = any (p_buckets)
   order by i.bucket, i.merchant_id, i.reference, i.n
  on conflict (bucket, merchant_id, reference) do update
    set purchase_id = excluded.purchase_id, wallet_id = excluded.wallet_id, fingerprint = excluded.fingerprint
  where c.purchase_id <> excluded.purchase_id
    and (exists (select 1 from ledger.refusal r
                  where r.bucket = get_byte(uuid_send(c.purchase_id), 15) and r.request_id = c.purchase_id)
      or exists (select 1 from ledger.purchase p
                  where p.bucket = get_byte(uuid_send(c.purchase_id), 15) and p.purchase_id = c.purchase_id
                    and (p.merchant_id, p.reference) <> (c.merchant_id, c.reference)));
  return query
    select c.merchant_id, c.reference, c.purchase_id, c.wallet_id, c.fingerprint, c.claimed_at
      from (select distinct bucket, merchant_id, reference from unnest(p_claims)) i
      join ledger.claim c on c.bucket = i.bucket and c.merchant_id = i.merchant_id and c.reference = i.reference;
end $$;
