-- Orders whose time has come, the oldest first; of each partner only so many, so that the many of one that is away do
-- not stand before those of the others.
select bucket, redemption_id
  from (select bucket, redemption_id, due_at,
               row_number() over (partition by partner_id order by due_at, redemption_id) as place
          from ledger.partner_order where due_at <= coalesce($1::timestamptz, clock_timestamp())) due
 where place <= $2 order by place, due_at limit $3
