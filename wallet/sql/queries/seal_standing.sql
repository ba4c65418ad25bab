-- Which of these transfers stand in the books, wherever their posted_at now says.
select t.bucket, t.transfer_id
  from unnest($1::smallint[], $2::uuid[]) as named (bucket, transfer_id)
  join ledger.transfer t on t.bucket = named.bucket and t.transfer_id = named.transfer_id
