-- The next members by id, and whether the favourites of each are to be worked out anew at $3: because of a purchase
-- reported since the last time, because that was before $5, or because the member wants none and still has some. A
-- purchase counts if it was made since $4; the minute is for reports that were being written meanwhile.
select m.member_id, m.wallet_id, coalesce(p.favourites_off, false) as opted_out,
       case when coalesce(p.favourites_off, false) then f.computed_at is not null
            else coalesce(f.computed_at < $5, false)
                 or exists (select from ledger.purchase u
                             where u.bucket = get_byte(uuid_send(m.wallet_id), 15) and u.wallet_id = m.wallet_id
                               and u.purchased_at >= $4 and u.purchased_at < $3
                               and u.reported_at > coalesce(f.computed_at - interval '1 minute', '-infinity'))
       end as due
  from (select member_id, wallet_id from coalition.member
         where $1::uuid is null or member_id > $1 order by member_id limit $2) m
  left join coalition.profile p on p.member_id = m.member_id
  left join lateral (select min(computed_at) as computed_at from coalition.favourite
                      where member_id = m.member_id) f on true
 order by m.member_id
