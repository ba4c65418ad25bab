-- Each lot's pending and remaining, what is held of it, what of it expired and what went to its charity are what its
-- movements add up to; it never paid for more than its amount, and the transfer that opened it is the first of them.
with moved as (
  select bucket, lot_id,
         sum(amount * ((credit_kind = 'pending')::int - (debit_kind = 'pending')::int)) as pending,
         sum(amount * ((credit_kind = 'available')::int - (debit_kind = 'available')::int)) as remaining,
         sum(amount * ((credit_kind = 'held')::int - (debit_kind = 'held')::int)) as held,
         sum(amount) filter (where code in ('earn', 'goodwill')) as opened
    from ledger.lot_movement group by bucket, lot_id
), gone as (
  select bucket, lot_id,
         coalesce(sum(amount) filter (where starts_with(code, 'expire')), 0)
           - coalesce(sum(amount) filter (where starts_with(code, 'unexpire')), 0) as expired,
         coalesce(sum(amount) filter (where code = 'share'), 0)
           - coalesce(sum(amount) filter (where code = 'unshare'), 0) as given
    from ledger.transfer
   where starts_with(code, 'expire') or starts_with(code, 'unexpire') or code in ('share', 'unshare')
   group by bucket, lot_id)
select bucket, lot_id, l.amount, l.pending, l.remaining, m.held
  from ledger.lot l full join moved m using (bucket, lot_id) left join gone g using (bucket, lot_id)
 where l.pending is distinct from m.pending or l.remaining is distinct from m.remaining
    or m.held is distinct from greatest(m.held, 0) or m.opened is distinct from l.amount
    or m.pending + m.remaining + m.held > l.amount or l.expired is distinct from coalesce(g.expired, 0)
    or l.given is distinct from coalesce(g.given, 0)
