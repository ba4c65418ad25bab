-- A campaign version gives one asset for one purchase or award, and its grants, its lots and their transfers are all in
-- that asset; what is taken back of a lot is in the lot's.
select l.bucket, l.lot_id as id, l.asset, g.asset as other
  from ledger.lot l
  join ledger.grant g on g.bucket = l.bucket and g.cause_id = l.cause_id and g.version_id = l.rule_id
 where g.asset <> l.asset
union all
select r.bucket, r.return_id, r.asset, l.asset
  from ledger.return_lot r left join ledger.lot l on l.bucket = r.bucket and l.lot_id = r.lot_id
 where r.asset is distinct from l.asset
union all
select t.bucket, t.transfer_id, t.asset, l.asset
  from ledger.transfer t join ledger.lot l on l.bucket = t.bucket and l.lot_id = t.lot_id
 where t.asset <> l.asset
