-- What a return took of each lot is what its transfers moved: out of pending, out of the wallet with the deficit, back
-- from the charity and from where it had expired to, and as a loss. A purchase's return adds them up in its own asset,
-- and takes of the contract's lot what its lines gave back; no lot gives back more than it was.
with part as (
  select bucket, return_id, asset, sum(reversed_minor) as reversed, sum(from_pending_minor) as pending,
         sum(from_lot_minor) as own, sum(from_given_minor) as given, sum(from_expired_minor) as expired,
         sum(lapsed_minor) as lapsed, sum(from_other_minor) as other, sum(deficit_minor) as deficit,
         sum(loss_minor) as loss, sum(loss_minor) filter (where loss_bearer = 'operator') as borne
    from ledger.return_lot group by bucket, return_id, asset
), moved as (
  select bucket, cause_id as return_id, asset, sum(amount) filter (where code = 'return_pending') as pending,
         sum(amount) filter (where code = 'return') as taken, sum(amount) filter (where code = 'loss') as loss,
         sum(amount) filter (where code = 'unshare') as unshared,
         sum(amount) filter (where starts_with(code, 'unexpire')) as unexpired
    from ledger.transfer
   where code in ('return_pending', 'return', 'loss', 'unshare') or starts_with(code, 'unexpire')
   group by bucket, cause_id, asset)
select bucket, return_id, 'transfers' as what
  from part p full join moved m using (bucket, return_id, asset)
 where coalesce(m.pending, 0) is distinct from p.pending
    or coalesce(m.taken, 0) is distinct from p.own + p.other + p.deficit
    or coalesce(m.unshared, 0) is distinct from p.given or coalesce(m.unexpired, 0) is distinct from p.expired
    or coalesce(m.loss, 0) is distinct from coalesce(p.borne, 0)
union all
select r.bucket, r.return_id, 'sums'
  from ledger.purchase_return r
  join ledger.purchase b on b.bucket = r.bucket and b.purchase_id = r.purchase_id
  left join part p on p.bucket = r.bucket and p.return_id = r.return_id and p.asset = b.asset
 where (r.reversed_minor, r.from_pending_minor, r.from_lot_minor, r.from_given_minor, r.from_expired_minor,
        r.lapsed_minor, r.from_other_minor, r.deficit_minor, r.loss_minor) is distinct from
       (coalesce(p.reversed, 0), coalesce(p.pending, 0), coalesce(p.own, 0), coalesce(p.given, 0),
        coalesce(p.expired, 0), coalesce(p.lapsed, 0), coalesce(p.other, 0), coalesce(p.deficit, 0),
        coalesce(p.loss, 0))
union all
select b.bucket, b.purchase_id, 'contract'
  from ledger.purchase b
  left join (select bucket, purchase_id, sum(reversed_minor) as reversed
               from ledger.purchase_return_line group by bucket, purchase_id) l
    on l.bucket = b.bucket and l.purchase_id = b.purchase_id
  left join (select bucket, lot_id, sum(reversed_minor) as reversed from ledger.return_lot group by bucket, lot_id) t
    on t.bucket = b.bucket and t.lot_id = b.lot_id
 where coalesce(l.reversed, 0) <> coalesce(t.reversed, 0)
union all
select l.bucket, l.lot_id, 'lot'
  from ledger.lot l
  join (select bucket, lot_id, sum(reversed_minor) as reversed from ledger.return_lot group by bucket, lot_id) t
    on t.bucket = l.bucket and t.lot_id = l.lot_id
 where t.reversed > l.amount
