-- Fills a board's window with members: $1 board, $2 how many, $3 whether scores are few (ties everywhere) or spread.
with chance as (
  select n, case when $3 then 1 + floor(power(random(), 3) * 40)::bigint
                 else 1 + floor(exp(random() * 13.8))::bigint end as score,
         timestamptz '2026-03-01' + random() * interval '31 days' as reached_at
    from generate_series(1, $2::bigint) n
), banded as (
  select *, greatest(length(ltrim(score::bit(64)::text, '0')) - 7, 0) as shift from chance
)
insert into coalition.board_score (wallet_id, board_id, period, score, minus, band, slot, reached_at)
select gen_random_uuid(), $1, '2026-03', score, -score, shift * 64 + (score >> shift),
       case when score < 128
            then floor(extract(epoch from reached_at - timestamptz '2026-03-01') * 256 / (31 * 86400)) else 0 end,
       reached_at
  from banded
