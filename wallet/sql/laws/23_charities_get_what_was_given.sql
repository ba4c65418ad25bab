-- What a charity's account got and gave is what its gifts, matches and batches say, to the cent: all that came in, less
-- what went back, is what is due now and what is in batches. Each line of a batch is the movements that it names, from
-- where the line before it ended; each batch is its lines; no gift gives more than it is, or is given twice.
with leg as (
  select bucket, credit_owner as charity_id, asset, credit_version as version, code, amount, cause_id
    from ledger.transfer where credit_kind = 'due'
  union all
  select bucket, debit_owner, asset, debit_version, code, -amount, cause_id
    from ledger.transfer where debit_kind = 'due'
), account as (
  select bucket, charity_id, asset, coalesce(sum(amount) filter (where code not in ('remit', 'unremit')), 0) as came
    from leg group by bucket, charity_id, asset
), paid as (
  select bucket, charity_id, asset, sum(amount) as amount
    from ledger.remittance_line where cancelled_at is null group by bucket, charity_id, asset
), moved as (
  select bucket, cause_id as remittance_id, charity_id, asset, sum(-amount) as amount
    from leg where code in ('remit', 'unremit') group by bucket, cause_id, charity_id, asset
), batch as (
  select remittance_id, count(*) as lines, count(cancelled_at) as cancelled, sum(amount) as amount
    from ledger.remittance_line group by remittance_id
), returned as (
  select bucket, gift_id, sum(from_promised_minor) as promised, sum(from_given_minor) as given,
         sum(reversed_minor) as reversed
    from ledger.gift_return group by bucket, gift_id)
select d.bucket, d.owner_id as id, 'account' as what, a.came as found
  from account a full join paid p using (bucket, charity_id, asset)
  left join ledger.position d on d.bucket = coalesce(a.bucket, p.bucket) and d.owner_id = coalesce(a.charity_id,
       p.charity_id) and d.asset = coalesce(a.asset, p.asset) and d.kind = 'due'
 where coalesce(a.came, 0) <> coalesce(d.credited - d.debited, 0) + coalesce(p.amount, 0)
union all
select l.bucket, l.remittance_id, 'line', l.amount
  from ledger.remittance_line l
 where l.amount <> 0 and l.amount is distinct from (
         select sum(g.amount) from leg g
          where g.bucket = l.bucket and g.charity_id = l.charity_id and g.asset = l.asset
            and g.version > l.after_version and g.version < l.due_version)
union all
select bucket, remittance_id, 'chain', after_version
  from (select *, lag(due_version, 1, 0::bigint) over (partition by bucket, charity_id, asset order by due_version)
                    as before
          from ledger.remittance_line where cancelled_at is null and amount <> 0) c
 where after_version <> before
union all
select bucket, remittance_id, 'movements', m.amount
  from ledger.remittance_line l full join moved m using (bucket, remittance_id, charity_id, asset)
 where coalesce(case when l.cancelled_at is null then l.amount else 0 end, 0) <> coalesce(m.amount, 0)
union all
select null, r.remittance_id, 'batch', b.amount
  from coalition.remittance r left join batch b using (remittance_id)
 where r.state in ('prepared', 'sent', 'confirmed')
   and (b.lines is distinct from 256 or b.cancelled <> 0 or b.amount is distinct from r.amount_minor
        or r.amount_minor <= 0)
    or r.state = 'cancelled' and b.lines is distinct from b.cancelled
    or r.state = 'preparing' and b.cancelled > 0
union all
select g.bucket, g.gift_id, 'gift', t.amount
  from ledger.gift g
  left join ledger.transfer t on t.bucket = g.bucket and t.transfer_id = g.gift_id
  left join returned r on r.bucket = g.bucket and r.gift_id = g.gift_id
 where (g.given_at is null) <> (t.transfer_id is null)
    or coalesce(t.amount, 0) <> g.given + coalesce(r.given, 0) or coalesce(r.reversed, 0) > g.amount
    or ((g.promised > 0 or g.given_at is not null)
        and g.amount <> g.promised + g.given + coalesce(r.promised, 0) + coalesce(r.given, 0))
    or (t.code, t.debit_owner, t.credit_owner, t.asset) <> ('gift', g.funder_id, g.charity_id, g.asset)
union all
select coalesce(m.bucket, t.bucket), coalesce(m.match_id, t.transfer_id), 'match', t.amount
  from (select * from ledger.match where amount > 0) m
  full join (select * from ledger.transfer where code = 'match') t
    on t.bucket = m.bucket and t.transfer_id = m.match_id
 where (m.amount, m.funder_id, m.charity_id, m.asset)
       is distinct from (t.amount, t.debit_owner, t.credit_owner, t.asset)
