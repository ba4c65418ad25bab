-- Freezes the ranking of a contest's window ($1, $2) by a version ($3) at $4: its best $5 places, of which $6 may win
-- (a list of places), once, however many workers ask. Answers a row if this call did it.
with ranked as (
  select wallet_id, score, reached_at, row_number() over (order by minus, slot, reached_at, wallet_id) as place
    from (select * from coalition.board_score where board_id = $1 and period = $2
           order by minus, slot, reached_at, wallet_id limit $5) s
), frozen as (
  insert into coalition.contest_freeze (contest_id, period, version_id, ranked, winners, frozen_at)
  select $1, $2, $3, (select count(*) from coalition.board_score where board_id = $1 and period = $2),
         (select count(*) from ranked where place = any ($6::int[])), $4
  on conflict do nothing returning contest_id
), kept as (
  insert into coalition.contest_result (contest_id, period, place, wallet_id, score, reached_at)
  select f.contest_id, $2, r.place, r.wallet_id, r.score, r.reached_at from frozen f cross join ranked r
)
select contest_id from frozen
