-- How many stand in each band and slot of a board's window is what the scores say, no more and no less.
with banded as (
  select board_id, period, band, count(*) as members from coalition.board_score group by 1, 2, 3
), slotted as (
  select board_id, period, band, slot, count(*) as members from coalition.board_score
   where band < 128 group by 1, 2, 3, 4
)
select 'band' as what, board_id, period, band, null::smallint as slot, b.members as says, coalesce(s.members, 0) as are
  from coalition.board_band b full join banded s using (board_id, period, band)
 where coalesce(b.members, 0) <> coalesce(s.members, 0)
union all
select 'slot', board_id, period, band, slot, b.members, coalesce(s.members, 0)
  from coalition.board_slot b full join slotted s using (board_id, period, band, slot)
 where coalesce(b.members, 0) <> coalesce(s.members, 0)
