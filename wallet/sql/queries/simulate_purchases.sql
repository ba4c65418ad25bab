-- Purchases as a simulation streams them, in order of time, with the lines that count as parallel arrays in the order
-- of their numbers. Of asset $1, until before $4: from $3 on at merchants $6 (null: all) those that are decided, and
-- with $5 also those from $2 on (null: ever) that are only remembered. $7 names the columns that are asked. A line is
-- wanted if its product, category, label and brand are in $8 to $11 (null: any) and its wallet in $14 (null: any).
-- With $12 the other lines of its purchase come too, with $13 purchases without one. `place` counts what is decided,
-- whether it comes or not.
select p.place, p.decided, p.purchase_id, p.wallet_id, p.merchant_id, p.purchased_at, p.total_minor,
       p.channel, p.store_id, p.instrument, p.delivery,
       l.bases, l.credits, l.quantities, l.categories, l.products, l.labels, l.brands
  from (
    select count(*) filter (where q.decided)
             over (order by q.purchased_at, q.purchase_id rows unbounded preceding) as place, q.*
      from (
        select b.bucket, b.purchase_id, b.wallet_id, b.merchant_id, b.purchased_at, b.total_minor, b.channel,
               b.store_id, b.instrument, b.delivery,
               b.purchased_at >= $3 and ($6::uuid[] is null or b.merchant_id = any ($6)) as decided
          from ledger.purchase b
         where b.asset = $1 and b.purchased_at < $4 and b.purchased_at >= coalesce($2::timestamptz, '-infinity')
           and ($5 or $6::uuid[] is null or b.merchant_id = any ($6))) q
     order by q.purchased_at, q.purchase_id) p
 cross join lateral (
    select array_agg(n.base_minor) as bases,
           array_agg(n.credited_minor) filter (where 'credits' = any ($7::text[])) as credits,
           array_agg(n.quantity_milli) filter (where 'quantities' = any ($7)) as quantities,
           array_agg(n.category) filter (where 'categories' = any ($7)) as categories,
           array_agg(n.product) filter (where 'products' = any ($7)) as products,
           array_agg(array_to_string(n.labels, e'\n')) filter (where 'labels' = any ($7)) as labels,
           array_agg(n.brand) filter (where 'brands' = any ($7)) as brands,
           coalesce(bool_or(n.wanted), false) as wanted
      from (
        select m.base_minor, m.credited_minor, m.quantity_milli, m.category, m.product, m.labels, m.brand,
               ($8::text[] is null or m.product = any ($8)) and ($9::text[] is null or m.category = any ($9))
               and ($10::text[] is null or m.labels && $10) and ($11::text[] is null or m.brand = any ($11)) as wanted
          from ledger.purchase_line m
         where p.decided and ($14::uuid[] is null or p.wallet_id = any ($14))
           and m.bucket = p.bucket and m.purchase_id = p.purchase_id and m.base_minor > 0
         order by m.line_no) n
     where $12 or n.wanted) l
 where $5 or (p.decided and ($13 or l.wanted))
 order by p.purchased_at, p.purchase_id
