-- A return's parts are what its transfers moved: out of pending, out of the wallet with the deficit, back from where
-- it had expired to, and as a loss.
with moved as (
  select bucket, cause_id as return_id, sum(amount) filter (where code = 'return_pending') as pending,
         sum(amount) filter (where code = 'return') as taken, sum(amount) filter (where code = 'loss') as loss,
         sum(amount) filter (where starts_with(code, 'unexpire')) as unexpired
    from ledger.transfer
   where code in ('return_pending', 'return', 'loss') or starts_with(code, 'unexpire') group by bucket, cause_id)
select bucket, return_id, r.reversed_minor
  from ledger.purchase_return r full join moved m using (bucket, return_id)
 where coalesce(m.pending, 0) is distinct from r.from_pending_minor
    or coalesce(m.taken, 0) is distinct from r.from_lot_minor + r.from_other_minor + r.deficit_minor
    or coalesce(m.loss, 0) is distinct from case when r.loss_bearer = 'operator' then r.loss_minor else 0 end
    or coalesce(m.unexpired, 0) is distinct from r.from_expired_minor
