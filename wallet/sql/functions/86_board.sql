-- Boards: a wallet's score in a window, and how many stand in each band of scores, which move together. Bands are
-- taken before slots and in their order, so that two who move never wait for each other in a circle.
create or replace function ledger.move_bands(
  p_bucket smallint, p_board uuid, p_period text, p_old coalition.board_score, p_new coalition.board_score)
returns void language plpgsql as $$
declare
  m record;
begin
  for m in select * from (values (p_old.band, -1), (p_new.band, 1)) v (band, n)
            where band is not null and p_old.band is distinct from p_new.band order by band loop
    update coalition.board_band set members = members + m.n
     where board_id = p_board and period = p_period and band = m.band;
    if not found then
      insert into coalition.board_band as b (board_id, period, band, members) values (p_board, p_period, m.band, m.n)
      on conflict (board_id, period, band) do update set members = b.members + m.n;
    end if;
  end loop;
  for m in select * from (values (p_old.band, p_old.slot, -1), (p_new.band, p_new.slot, 1)) v (band, slot, n)
            where band < 128 and (p_old.band, p_old.slot) is distinct from (p_new.band, p_new.slot)
            order by band, slot loop
    update coalition.board_slot set members = members + m.n
     where board_id = p_board and period = p_period and band = m.band and slot = m.slot;
    if not found then
      insert into coalition.board_slot as s (board_id, period, band, slot, members)
      values (p_board, p_period, m.band, m.slot, m.n)
      on conflict (board_id, period, band, slot) do update set members = s.members + m.n;
    end if;
  end loop;
end $$;

-- Puts a wallet's score of a window where it belongs; null takes it off the board. `stale` if the wallet's facts are
-- not those that the score was worked out from.
create or replace function ledger.score_board(
  p_bucket smallint, p_wallet uuid, p_house_asset smallint, p_facts bigint, p_board uuid, p_period text,
  p_score bigint, p_band smallint, p_slot smallint, p_reached timestamptz)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  house ledger.wallet;
  o coalition.board_score;
  n coalition.board_score;
begin
  select * into house from ledger.wallet
   where bucket = p_bucket and wallet_id = p_wallet and asset = p_house_asset for no key update;
  if not found then return '{"code": "currency_mismatch"}'; end if;
  if house.facts is distinct from p_facts then return '{"code": "stale", "replayed": false}'; end if;
  if exists (select from coalition.contest_freeze where contest_id = p_board and period = p_period) then
    return jsonb_build_object('code', 'posted', 'replayed', true);  -- Frozen stays frozen.
  end if;
  select * into o from coalition.board_score
   where wallet_id = p_wallet and board_id = p_board and period = p_period;
  -- Whoever leaves boards does so under the same lock, so nobody is put back who has just left.
  if p_score is null
     or exists (select from coalition.board_member where wallet_id = p_wallet and left_at is not null) then
    delete from coalition.board_score where wallet_id = p_wallet and board_id = p_board and period = p_period;
  else
    insert into coalition.board_score as s (board_id, period, wallet_id, score, minus, band, slot, reached_at)
    values (p_board, p_period, p_wallet, p_score, -p_score, p_band, p_slot, p_reached)
    on conflict (wallet_id, board_id, period) do update
      set score = excluded.score, minus = excluded.minus, band = excluded.band, slot = excluded.slot,
          reached_at = excluded.reached_at
    returning * into n;
  end if;
  perform ledger.move_bands(p_bucket, p_board, p_period, o, n);
  return jsonb_build_object('code', 'posted', 'replayed', false);
end $$;

-- Says by which name a member is shown, and whether on boards at all. Whoever leaves is taken off every board,
-- and is not put back until they join again.
create or replace function ledger.set_board_member(
  p_bucket smallint, p_wallet uuid, p_house_asset smallint, p_name text, p_named boolean, p_left boolean,
  p_at timestamptz default null)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_at timestamptz := coalesce(p_at, clock_timestamp());
  m coalition.board_member;
  s coalition.board_score;
begin
  perform 1 from ledger.wallet
    where bucket = p_bucket and wallet_id = p_wallet and asset = p_house_asset for no key update;
  if not found then return '{"code": "currency_mismatch"}'; end if;
  insert into coalition.board_member as b (wallet_id, name, left_at, changed_at)
  values (p_wallet, case when p_named then p_name end, case when p_left then v_at end, v_at)
  on conflict (wallet_id) do update
    set name = case when p_named then excluded.name else b.name end,
        left_at = case when p_left is null then b.left_at when p_left then coalesce(b.left_at, v_at) end,
        changed_at = v_at
  returning * into m;
  if p_left then
    for s in select * from coalition.board_score where wallet_id = p_wallet order by board_id, period loop
      delete from coalition.board_score
       where wallet_id = p_wallet and board_id = s.board_id and period = s.period;
      perform ledger.move_bands(p_bucket, s.board_id, s.period, s, null);
    end loop;
  end if;
  return jsonb_build_object('code', 'posted', 'replayed', false, 'name', m.name, 'left', m.left_at is not null);
end $$;
