-- What one merchant's accounts did in a period, by month and movement. A month begins where the
-- programme's days begin. A movement between two accounts of the merchant is counted once.
select to_char(date_trunc('month', posted_at at time zone $5), 'YYYY-MM') as month, code,
       sum(amount)::bigint as amount_minor
  from ledger.transfer
 where asset = $1 and $2 in (debit_owner, credit_owner) and posted_at >= $3 and posted_at < $4
 group by month, code
 order by month, code
