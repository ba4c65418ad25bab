-- A membership is what its acts left it: numbered without gaps, begun once, closed by the last of them alone, paid and
-- refunded by their sums; nothing goes on that was cancelled. All of it lies in its wallet's bucket.
with summed as (
  select bucket, membership_id, count(*) as acts, min(number) as first, max(number) as last,
         sum(paid_minor) as paid, sum(refund_minor) as refunded, array_agg(kind order by number) as kinds,
         bool_and(bucket = get_byte(uuid_send(act_id), 15)) as placed,
         array_agg(distinct wallet_id) as wallets
    from ledger.membership_act group by bucket, membership_id)
select coalesce(m.bucket, s.bucket) as bucket, coalesce(m.membership_id, s.membership_id) as membership_id, m.version,
       s.acts
  from ledger.membership m
  full join summed s on s.bucket = m.bucket and s.membership_id = m.membership_id
  left join ledger.membership_act l on l.bucket = s.bucket and l.membership_id = s.membership_id and l.number = s.last
 where m.version is distinct from s.acts or s.first <> 1 or s.last <> s.acts
    or s.wallets is distinct from array[m.wallet_id] or not s.placed
    or (m.paid_minor, m.refunded_minor) is distinct from (s.paid, s.refunded)
    or s.kinds[1] <> 'started' or 'started' = any (s.kinds[2:])
    or 'cancelled' = any (s.kinds[:cardinality(s.kinds) - 1])
    or (m.scheme_id, m.version_id, m.anchor, m.until_day, m.entitled_until)
       is distinct from (l.scheme_id, l.version_id, l.anchor, l.until_day, l.entitled_until)
    or m.closed is distinct from case when l.kind in ('cancelled', 'lapsed') then l.kind end
    or m.bucket <> get_byte(uuid_send(m.membership_id), 15) or m.bucket <> get_byte(uuid_send(m.wallet_id), 15)
