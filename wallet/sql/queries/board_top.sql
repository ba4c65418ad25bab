-- The best of a board's window ($1, $2), at most $3, by the order of its index: who has more, who had it first.
select s.wallet_id, s.score, s.reached_at, m.name
  from (select wallet_id, score, minus, slot, reached_at from coalition.board_score
         where board_id = $1 and period = $2 order by minus, slot, reached_at, wallet_id limit $3) s
  left join coalition.board_member m on m.wallet_id = s.wallet_id
 order by s.minus, s.slot, s.reached_at, s.wallet_id
