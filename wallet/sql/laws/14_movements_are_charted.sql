-- Every movement is in the chart of accounts.
select t.bucket, t.transfer_id, t.code
  from ledger.transfer t
  left join ledger.chart c on c.code = t.code and c.debit_kind = t.debit_kind and c.credit_kind = t.credit_kind
 where c.code is null
