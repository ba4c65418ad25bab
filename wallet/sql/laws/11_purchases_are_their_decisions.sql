-- A purchase credited what the decisions on its lines and the grants in its asset, but for gifts, add up to; its
-- contract opened one lot of what the lines earned, and it names the lots of its campaigns; it reversed what its
-- returns say. Nothing came back that was not bought, and no line gave back more than it earned.
with line as (
  select bucket, purchase_id, sum(credited_minor) as credited, count(*) as lines
    from ledger.purchase_line group by bucket, purchase_id
), granted as (
  select g.bucket, g.cause_id, g.asset, sum(g.granted_minor) as granted
    from ledger.grant g
   where not exists (select 1 from ledger.gift o
                      where o.bucket = g.bucket and o.cause_id = g.cause_id and o.rule_id = g.version_id)
   group by g.bucket, g.cause_id, g.asset
), opened as (
  select bucket, cause_id, array_agg(lot_id) as lots from ledger.lot group by bucket, cause_id
), back as (
  select bucket, purchase_id, sum(reversed_minor) as reversed, count(*) as returns
    from ledger.purchase_return group by bucket, purchase_id)
select p.bucket, p.purchase_id, 'purchase' as what
  from ledger.purchase p
  left join line l on l.bucket = p.bucket and l.purchase_id = p.purchase_id
  left join granted g on g.bucket = p.bucket and g.cause_id = p.purchase_id and g.asset = p.asset
  left join opened o on o.bucket = p.bucket and o.cause_id = p.purchase_id
  left join back b on b.bucket = p.bucket and b.purchase_id = p.purchase_id
  left join ledger.lot t on t.bucket = p.bucket and t.lot_id = p.lot_id
 where p.credited_minor is distinct from l.credited + coalesce(g.granted, 0)
    or p.reversed_minor is distinct from coalesce(b.reversed, 0) or p.version is distinct from coalesce(b.returns, 0)
    or coalesce(t.amount, 0) is distinct from l.credited or (t.lot_id is not null and t.rule_id <> p.contract_id)
    or not (array_remove(p.lots || p.lot_id, null) @> coalesce(o.lots, '{}')
            and coalesce(o.lots, '{}') @> array_remove(p.lots || p.lot_id, null))
union all
select l.bucket, l.purchase_id, 'line ' || l.line_no
  from ledger.purchase_line l
  join (select bucket, purchase_id, line_no, sum(quantity_milli) as quantity, sum(amount_minor) as amount,
               sum(reversed_minor) as reversed
          from ledger.purchase_return_line group by bucket, purchase_id, line_no) r
    on r.bucket = l.bucket and r.purchase_id = l.purchase_id and r.line_no = l.line_no
 where r.quantity > l.quantity_milli or r.amount > l.amount_minor or r.reversed > l.credited_minor
    or (r.amount = l.amount_minor and r.amount > 0 and r.reversed <> l.credited_minor)
