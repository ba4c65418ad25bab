-- What some wallets bought from $3 until before $4, one row for each purchase, the oldest first: its day in the
-- programme's time zone $5, the categories of which something was kept, and what was paid for what was kept. Lines that
-- came back whole are not in it, nor is shipping, nor what a contract leaves out, such as tobacco.
select p.wallet_id, (p.purchased_at at time zone $5)::date as day, k.categories, k.kept_minor
  from unnest($1::smallint[], $2::uuid[]) as i (bucket, wallet_id)
  join ledger.purchase p on p.bucket = i.bucket and p.wallet_id = i.wallet_id
                        and p.purchased_at >= $3 and p.purchased_at < $4
 cross join lateral (
       select array_agg(l.category order by l.line_no) as categories,
              array_agg(greatest(l.amount_minor - coalesce(r.amount_minor, 0), 0)::bigint order by l.line_no)
                as kept_minor
         from ledger.purchase_line l
         left join (select line_no, sum(quantity_milli) as quantity_milli, sum(amount_minor) as amount_minor
                      from ledger.purchase_return_line b
                     where b.bucket = p.bucket and b.purchase_id = p.purchase_id
                     group by line_no) r on r.line_no = l.line_no
        where l.bucket = p.bucket and l.purchase_id = p.purchase_id and l.kind = 'item' and l.category <> ''
          and l.quantity_milli > coalesce(r.quantity_milli, 0) and l.rule not like 'excluded:%') k
 where k.categories is not null
 order by p.wallet_id, p.purchased_at, p.purchase_id
