-- What came back of purchases of asset $1 that were made from $2 on (null: ever), until before $3, in order of time.
select r.purchase_id, r.returned_at, sum(l.amount_minor)::bigint as amount_minor
  from ledger.purchase_return r
  join ledger.purchase_return_line l
    on l.bucket = r.bucket and l.purchase_id = r.purchase_id and l.return_id = r.return_id
  join ledger.purchase b on b.bucket = r.bucket and b.purchase_id = r.purchase_id
 where b.asset = $1 and r.returned_at < $3 and b.purchased_at >= coalesce($2::timestamptz, '-infinity')
 group by r.purchase_id, r.return_id, r.returned_at
 order by r.returned_at
