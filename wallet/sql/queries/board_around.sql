-- Where a wallet ($3) stands on a board's window ($1, $2), with $4 neighbours above and below: no row if nowhere. Who
-- is above is counted by bands, by the slots of the own band before the own one, and only then one by one.
with mine as (
  select wallet_id, score, minus, band, slot, reached_at,
         -- The lowest `minus` of the band: the score itself for a small one, the band's top for those that share one.
         case when band < 128 then minus
              else 1 - ((band % 64 + 65)::bigint << (band / 64 - 1)) end as band_minus
    from coalition.board_score where wallet_id = $3 and board_id = $1 and period = $2
), place as (
  select (select coalesce(sum(members), 0) from coalition.board_band
           where board_id = $1 and period = $2 and band > m.band)
       + (select coalesce(sum(members), 0) from coalition.board_slot
           where board_id = $1 and period = $2 and band = m.band and slot < m.slot)
       + (select count(*) from coalition.board_score
           where board_id = $1 and period = $2 and (minus, slot) >= (m.band_minus, m.slot)
             and (minus, slot, reached_at, wallet_id) < (m.minus, m.slot, m.reached_at, m.wallet_id)) + 1 as number
    from mine m
), near as (
  (select -row_number() over () as apart, s.* from mine m, lateral (
     select wallet_id, score, reached_at from coalition.board_score
      where board_id = $1 and period = $2
        and (minus, slot, reached_at, wallet_id) < (m.minus, m.slot, m.reached_at, m.wallet_id)
      order by minus desc, slot desc, reached_at desc, wallet_id desc limit $4) s)
  union all
  select 0, wallet_id, score, reached_at from mine
  union all
  (select row_number() over (), s.* from mine m, lateral (
     select wallet_id, score, reached_at from coalition.board_score
      where board_id = $1 and period = $2
        and (minus, slot, reached_at, wallet_id) > (m.minus, m.slot, m.reached_at, m.wallet_id)
      order by minus, slot, reached_at, wallet_id limit $4) s)
)
select (p.number + n.apart)::bigint as place, n.wallet_id, n.score, n.reached_at, b.name
  from near n cross join place p
  left join coalition.board_member b on b.wallet_id = n.wallet_id
 order by n.apart
