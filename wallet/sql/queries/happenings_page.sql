-- What happened to a member besides movements after a number, the oldest first.
select n, topic, subject_id, happened_at from ledger.happening
 where bucket = $1 and wallet_id = $2 and n > $3 order by n limit $4
