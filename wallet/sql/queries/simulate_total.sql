-- How many purchases of asset $1 there are from $2 until before $3 at merchants $4 (null: all).
select count(*)
  from ledger.purchase b
 where b.asset = $1 and b.purchased_at >= $2 and b.purchased_at < $3
   and ($4::uuid[] is null or b.merchant_id = any ($4))
