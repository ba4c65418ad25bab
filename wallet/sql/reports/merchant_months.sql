-- What one merchant's accounts did in a period, by month and movement; a month begins where the
-- programme's days begin. The buckets are named so that the indexes of each side find the rows; a
-- movement between two accounts of the merchant has it on both sides, and is counted on the first.
with moved as (
    select code, amount, effective_at from ledger.transfer
     where bucket = any($1) and debit_owner = $2 and asset = $3
       and effective_at >= $4 and effective_at < $5
    union all
    select code, amount, effective_at from ledger.transfer
     where bucket = any($1) and credit_owner = $2 and asset = $3
       and effective_at >= $4 and effective_at < $5 and debit_owner is distinct from $2
)
select to_char(date_trunc('month', effective_at at time zone $6), 'YYYY-MM') as month, code,
       sum(amount)::bigint as amount_minor
  from moved
 group by month, code
 order by month, code
