-- What stories go by of the wallet ($1 its bucket, $2 its id, $3 the programme's asset): the state of its facts, the
-- member, and the newest $6 purchases since $4, the oldest first, less what came back of them; $5: with their lines.
select w.wallet_id, m.member_id, w.facts,
       (select jsonb_agg(jsonb_build_array(b.purchase_id, b.merchant_id, b.purchased_at, b.total_minor,
                 b.total_minor - coalesce(r.back, 0),
                 case when $5::boolean then (
                   select jsonb_agg(jsonb_build_array(l.category, l.product, l.brand, l.labels,
                            l.amount_minor - coalesce(k.amount_minor, 0),
                            l.quantity_milli - coalesce(k.quantity_milli, 0)) order by l.line_no)
                     from ledger.purchase_line l
                     left join (select line_no, sum(amount_minor)::bigint as amount_minor,
                                       sum(quantity_milli)::bigint as quantity_milli
                                  from ledger.purchase_return_line
                                 where bucket = b.bucket and purchase_id = b.purchase_id group by line_no) k
                       on k.line_no = l.line_no
                    where l.bucket = b.bucket and l.purchase_id = b.purchase_id) end)
                 order by b.purchased_at, b.purchase_id)
          from (select * from ledger.purchase
                 where bucket = w.bucket and wallet_id = w.wallet_id and purchased_at >= $4::timestamptz
                 order by purchased_at desc, purchase_id desc limit $6) b
          left join lateral (
            select sum(amount_minor)::bigint as back from ledger.purchase_return_line
             where bucket = b.bucket and purchase_id = b.purchase_id and b.version > 0) r on true) as purchases
  from ledger.wallet w
  join coalition.member m on m.wallet_id = w.wallet_id
 where w.bucket = $1 and w.wallet_id = $2 and w.asset = $3
