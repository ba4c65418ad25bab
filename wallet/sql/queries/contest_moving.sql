-- At most $4 entrants of a contest's window ($1, $2), by their id after $3, whose wallet has moved and was not looked
-- at by $5. What waits is little, so it is asked first.
select w.wallet_id
  from (select wallet_id from coalition.look where at <= $5 union select wallet_id from ledger.outbox) w
 where w.wallet_id > $3
   and exists (select from ledger.contest_entry e
                where e.bucket = get_byte(uuid_send(w.wallet_id), 15) and e.contest_id = $1 and e.period = $2
                  and e.wallet_id = w.wallet_id)
 order by w.wallet_id limit $4
