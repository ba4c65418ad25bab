-- The transfers posted in a range, bucket by bucket, as a seal records them: for each row in
-- (posted_at, transfer_id) order 16 bytes of id and 16 of the sha256 of all its columns. What is
-- hashed is their binary form (instants are microseconds), because no setting of a session changes
-- it and no two rows share it; the columns are named, so that a new column changes no old digest.
-- One pass over the range for all buckets; $1 null reads from the beginning of time.
select bucket, count(*) as rows,
       string_agg(
         uuid_send(transfer_id) || substr(sha256(record_send(row(
           bucket, transfer_id, asset, code, debit_kind, credit_kind, amount,
           wallet_id, wallet_version, pending_after, available_after, held_after,
           debit_owner, debit_version, credit_owner, credit_version, lot_id, cause_id, partner_id,
           fingerprint, effective_at, posted_at))), 1, 16),
         ''::bytea order by posted_at, transfer_id) as leaves
  from ledger.transfer
 where posted_at >= coalesce($1::timestamptz, '-infinity') and posted_at < $2
 group by bucket
