-- What lots did, one row per lot and transfer: from which face to which, whether the transfer names the lot itself or
-- its draws do. The laws read the books through this view.
create or replace view ledger.lot_movement as
select t.bucket, t.wallet_id, t.asset, t.lot_id, t.transfer_id, t.cause_id, t.code, t.debit_kind, t.credit_kind,
       t.amount
  from ledger.transfer t where t.lot_id is not null and t.wallet_id is not null
union all
select t.bucket, t.wallet_id, t.asset, d.lot_id, t.transfer_id, t.cause_id, t.code, t.debit_kind, t.credit_kind,
       d.amount
  from ledger.draw d join ledger.transfer t on t.bucket = d.bucket and t.transfer_id = d.transfer_id;
