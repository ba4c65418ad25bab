-- Every transfer of a wallet is covered by named lots, but for the part that is an open deficit.
select t.bucket, t.transfer_id, t.code, t.amount, m.amount as named, d.remaining as owed
  from ledger.transfer t
  left join (select bucket, transfer_id, sum(amount) as amount from ledger.lot_movement group by bucket, transfer_id) m
    on m.bucket = t.bucket and m.transfer_id = t.transfer_id
  left join ledger.deficit d on d.bucket = t.bucket and d.transfer_id = t.transfer_id
 where t.wallet_id is not null and t.amount <> coalesce(m.amount, 0) + coalesce(d.remaining, 0)
