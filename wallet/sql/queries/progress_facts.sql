-- What stories go by, one row for each wallet of $1 (a list of: bucket, wallet, asset, since, lines?): the state of its
-- facts, the member, and the newest $2 purchases since then, the oldest first, less what came back of them.
with item as (
  select * from jsonb_to_recordset($1::jsonb) as i (
    bucket smallint, wallet uuid, asset smallint, since timestamptz, lines boolean))
select i.wallet as wallet_id, m.member_id, w.facts, m.created_at as joined_at, p.birth_date,
       (select jsonb_agg(jsonb_build_array(b.purchase_id, b.merchant_id, b.purchased_at, b.total_minor,
                 b.total_minor - coalesce(r.back, 0), b.cashback_paid_minor,
                 case when i.lines then (
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
                 where bucket = i.bucket and wallet_id = i.wallet and purchased_at >= i.since
                 order by purchased_at desc, purchase_id desc limit $2) b
          left join lateral (
            select sum(amount_minor)::bigint as back from ledger.purchase_return_line
             where bucket = b.bucket and purchase_id = b.purchase_id and b.version > 0) r on true) as purchases
  from item i
  join ledger.wallet w on w.bucket = i.bucket and w.wallet_id = i.wallet and w.asset = i.asset
  join coalition.member m on m.wallet_id = i.wallet
  left join coalition.profile p on p.member_id = m.member_id
