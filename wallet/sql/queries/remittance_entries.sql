-- The movements that a batch is made of, in the order of their buckets and numbers: all that its charity's account got
-- or gave since the batch before it. What an earlier batch took and put back again is no part of it. Of each bucket no
-- more than a page is read, from where the last page ended.
with line as (
  select bucket, charity_id, asset, due_version,
         case when bucket = $3 then greatest(after_version, $4::bigint) else after_version end as after_version
    from ledger.remittance_line
   where bucket = any ($1) and bucket >= $3::smallint and remittance_id = $2 and amount <> 0)
select l.bucket, g.version, g.transfer_id, g.code, g.amount, g.effective_at, m.merchant_id
  from line l
 cross join lateral (
   (select t.credit_version as version, t.transfer_id, t.code, t.amount, t.debit_owner as funder_id, t.effective_at
      from ledger.transfer t
     where t.bucket = l.bucket and t.credit_owner = l.charity_id and t.credit_kind = 'due' and t.asset = l.asset
       and t.credit_version > l.after_version and t.credit_version < l.due_version
       and t.code not in ('remit', 'unremit')
     order by t.credit_version limit $5)
   union all
   (select t.debit_version, t.transfer_id, t.code, -t.amount, t.credit_owner, t.effective_at
      from ledger.transfer t
     where t.bucket = l.bucket and t.debit_owner = l.charity_id and t.debit_kind = 'due' and t.asset = l.asset
       and t.debit_version > l.after_version and t.debit_version < l.due_version
       and t.code not in ('remit', 'unremit')
     order by t.debit_version limit $5)) g
  left join coalition.merchant m on m.merchant_id = g.funder_id
 order by l.bucket, g.version limit $5
