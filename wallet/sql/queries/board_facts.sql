-- What boards ask of a member besides the purchases: $1 bucket, $2 wallet, $3 member, $4 boards and $5 windows, place
-- by place: the tier, the segments, whether they have left boards, how they stand in those windows now, and which of
-- them are windows of contests that they have entered; and what they played of $6, games and quizzes, since $7.
select p.tier,
       array(select s.name from coalition.segment_member b join coalition.segment s on s.segment_id = b.segment_id
              where b.member_id = $3 and b.until is null) as segments,
       exists (select from coalition.board_member where wallet_id = $2 and left_at is not null) as left,
       (select jsonb_agg(jsonb_build_array(s.board_id, s.period, s.score, s.reached_at))
          from unnest($4::uuid[], $5::text[]) i (board_id, period)
          join coalition.board_score s on s.wallet_id = $2 and s.board_id = i.board_id and s.period = i.period
       ) as scores,
       (select jsonb_agg(jsonb_build_array(e.contest_id, e.period))
          from unnest($4::uuid[], $5::text[]) i (board_id, period)
          join ledger.contest_entry e
            on e.bucket = $1 and e.contest_id = i.board_id and e.period = i.period and e.wallet_id = $2) as entries,
       (select jsonb_agg(jsonb_build_array(p.scheme_id, p.happened_at, p.points) order by p.happened_at, p.play_id)
          from ledger.play p
         where p.bucket = $1 and p.wallet_id = $2 and p.scheme_id = any ($6) and p.happened_at >= $7) as plays
  from (select) one
  left join coalition.profile p on p.member_id = $3
