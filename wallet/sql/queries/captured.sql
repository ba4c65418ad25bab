-- What members paid from their wallets so far, by the merchant's order.
select merchant_id, order_reference, sum(captured)::bigint as captured_minor
  from ledger.redemption where asset = $1 and captured > 0 group by merchant_id, order_reference
