-- Which of these purchases stand in the books.
select p.purchase_id from unnest($1::smallint[], $2::uuid[]) as i (bucket, purchase_id)
  join ledger.purchase p on p.bucket = i.bucket and p.purchase_id = i.purchase_id
