-- The movements that a batch is made of, in the order of their buckets and numbers: all that its charity's account got
-- or gave since the batch before it. What an earlier batch took and put back again is no part of it.
with line as (
  select * from ledger.remittance_line where bucket = any ($1) and remittance_id = $2 and amount <> 0
), leg as (
  select l.bucket, t.credit_version as version, t.transfer_id, t.code, t.amount, t.debit_owner as funder_id,
         t.effective_at
    from line l
    join ledger.transfer t on t.bucket = l.bucket and t.credit_owner = l.charity_id and t.credit_kind = 'due'
     and t.asset = l.asset and t.credit_version > l.after_version and t.credit_version < l.due_version
  union all
  select l.bucket, t.debit_version, t.transfer_id, t.code, -t.amount, t.credit_owner, t.effective_at
    from line l
    join ledger.transfer t on t.bucket = l.bucket and t.debit_owner = l.charity_id and t.debit_kind = 'due'
     and t.asset = l.asset and t.debit_version > l.after_version and t.debit_version < l.due_version)
select g.bucket, g.version, g.transfer_id, g.code, g.amount, g.effective_at, m.merchant_id
  from leg g left join coalition.merchant m on m.merchant_id = g.funder_id
 where code not in ('remit', 'unremit') and (bucket, version) > ($3::smallint, $4::bigint)
 order by bucket, version limit $5
