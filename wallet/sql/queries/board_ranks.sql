-- Where a wallet ($1) stands on each of these windows ($2 boards, $3 windows, place by place); counted as in
-- board_around.
select m.board_id, m.period, m.score, m.reached_at,
       ((select coalesce(sum(members), 0) from coalition.board_band
          where board_id = m.board_id and period = m.period and band > m.band)
        + (select coalesce(sum(members), 0) from coalition.board_slot
            where board_id = m.board_id and period = m.period and band = m.band and slot < m.slot)
        + (select count(*) from coalition.board_score s
            where s.board_id = m.board_id and s.period = m.period
              and (s.minus, s.slot) >= (
                case when m.band < 128 then m.minus
                     else 1 - ((m.band % 64 + 65)::bigint << (m.band / 64 - 1)) end, m.slot)
              and (s.minus, s.slot, s.reached_at, s.wallet_id) < (m.minus, m.slot, m.reached_at, m.wallet_id))
        + 1)::bigint as place
  from unnest($2::uuid[], $3::text[]) i (board_id, period)
  join coalition.board_score m on m.wallet_id = $1 and m.board_id = i.board_id and m.period = i.period
