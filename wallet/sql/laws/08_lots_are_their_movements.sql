-- Each lot's pending and remaining, what is held of it, and what of it expired, are what its movements add up to; it
-- never paid for more than its amount, and the transfer that opened it is the first of them.
with moved as (
  select bucket, lot_id,
         sum(amount * ((credit_kind = 'pending')::int - (debit_kind = 'pending')::int)) as pending,
         sum(amount * ((credit_kind = 'available')::int - (debit_kind = 'available')::int)) as remaining,
         sum(amount * ((credit_kind = 'held')::int - (debit_kind = 'held')::int)) as held,
         sum(amount) filter (where code in ('earn', 'goodwill')) as opened
    from ledger.lot_movement group by bucket, lot_id
), gone as (
  select bucket, lot_id, sum(case when starts_with(code, 'expire') then amount else -amount end) as expired
    from ledger.transfer where starts_with(code, 'expire') or starts_with(code, 'unexpire') group by bucket, lot_id)
select bucket, lot_id, l.amount, l.pending, l.remaining, m.held
  from ledger.lot l full join moved m using (bucket, lot_id) left join gone g using (bucket, lot_id)
 where l.pending is distinct from m.pending or l.remaining is distinct from m.remaining
    or m.held is distinct from greatest(m.held, 0) or m.opened is distinct from l.amount
    or m.pending + m.remaining + m.held > l.amount or l.expired is distinct from coalesce(g.expired, 0)
