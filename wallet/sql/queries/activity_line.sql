-- The line $4 of a purchase $2 that a wallet $3 made at a merchant $5, and what came back of it; no row for none.
select l.quantity_milli, l.amount_minor, coalesce(r.quantity_milli, 0)::bigint as returned_milli,
       coalesce(r.amount_minor, 0)::bigint as returned_minor
  from ledger.purchase p
  join ledger.purchase_line l on l.bucket = p.bucket and l.purchase_id = p.purchase_id and l.line_no = $4
  left join lateral (select sum(b.quantity_milli) as quantity_milli, sum(b.amount_minor) as amount_minor
                       from ledger.purchase_return_line b
                      where b.bucket = l.bucket and b.purchase_id = l.purchase_id and b.line_no = l.line_no) r on true
 where p.bucket = $1 and p.purchase_id = $2 and p.wallet_id = $3 and p.merchant_id = $5
