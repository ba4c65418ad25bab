-- Seeds of draws. A seed is made here and does not leave the database before it is revealed: the application has no way
-- to read `coalition.draw_secret`, only to ask for the number of a ticket, once. No wallet is touched here, so nothing
-- goes by buckets; every turn of a draw is taken under the lock of its open epoch.
create or replace function coalition.hmac_sha256(p_key bytea, p_message bytea) returns bytea
language plpgsql immutable strict as $$
declare
  v_inner bytea := decode(repeat('36', 64), 'hex');
  v_outer bytea := decode(repeat('5c', 64), 'hex');
begin
  for i in 0 .. length(p_key) - 1 loop
    v_inner := set_byte(v_inner, i, get_byte(p_key, i) # 54);
    v_outer := set_byte(v_outer, i, get_byte(p_key, i) # 92);
  end loop;
  return sha256(v_outer || sha256(v_inner || p_message));
end $$;

-- A number from 0 to p_below - 1, as `wallet.rules.draws.sampler.number` draws it.
create or replace function coalition.sampled(p_seed bytea, p_message text, p_below numeric) returns numeric
language plpgsql immutable strict as $$
declare
  v_fair numeric := div(18446744073709551616, p_below) * p_below;
  v_drawn numeric;
  v_counter integer := 0;
begin
  loop
    v_drawn := ('x' || encode(substr(coalition.hmac_sha256(p_seed,
      convert_to(p_message || E'\n' || v_counter, 'UTF8')), 1, 8), 'hex'))::bit(64)::bigint;
    if v_drawn < 0 then v_drawn := v_drawn + 18446744073709551616; end if;
    if v_drawn < v_fair then return mod(v_drawn, p_below); end if;
    v_counter := v_counter + 1;
  end loop;
end $$;

-- Makes a seed and publishes its hash. Two random UUIDs hold 244 bits of chance from the system's own source.
create or replace function coalition.commit_seed(p_draw uuid, p_epoch integer, p_kind text, p_at timestamptz)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_seed bytea := sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));
begin
  insert into coalition.draw_seed (draw_id, epoch, kind, commitment, committed_at)
  values (p_draw, p_epoch, p_kind, sha256(v_seed), p_at) on conflict do nothing;
  if not found then return '{"code": "posted", "replayed": true}'; end if;
  insert into coalition.draw_secret (draw_id, epoch, seed) values (p_draw, p_epoch, v_seed);
  return '{"code": "posted", "replayed": false}';
end $$;

-- Opens an epoch with the definition that it goes by. The seed was committed to before, and the epoch before is closed.
create or replace function coalition.open_epoch(
  p_draw uuid, p_epoch integer, p_version uuid, p_definition_sha256 bytea, p_at timestamptz)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  update coalition.draw_seed s
     set opened_at = greatest(p_at, committed_at), version_id = p_version, definition_sha256 = p_definition_sha256
   where draw_id = p_draw and epoch = p_epoch and opened_at is null and closed_at is null
     and not exists (select 1 from coalition.draw_seed b
                      where b.draw_id = p_draw and b.epoch < p_epoch and b.closed_at is null);
  return jsonb_build_object('code', 'posted', 'replayed', not found);
end $$;

-- Closes an epoch and reveals its seed: whoever takes a turn is done, or finds it closed.
create or replace function coalition.reveal_seed(p_draw uuid, p_epoch integer, p_at timestamptz)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  s coalition.draw_seed;
begin
  select * into s from coalition.draw_seed where draw_id = p_draw and epoch = p_epoch for no key update;
  if not found then return '{"code": "not_found"}'; end if;
  if s.closed_at is not null then return '{"code": "posted", "replayed": true}'; end if;
  -- The seed of a raffle is revealed over a list that nobody can change any more.
  if s.kind = 'raffle' and not exists (select 1 from coalition.draw_list where draw_id = p_draw) then
    return '{"code": "draw_closed"}';
  end if;
  update coalition.draw_seed
     set closed_at = greatest(p_at, opened_at, committed_at),
         seed = (select seed from coalition.draw_secret where draw_id = p_draw and epoch = p_epoch)
   where draw_id = p_draw and epoch = p_epoch;
  delete from coalition.draw_secret where draw_id = p_draw and epoch = p_epoch;
  return '{"code": "posted", "replayed": false}';
end $$;

-- Takes the turn of a ticket, once: its number in the epoch, what it draws, and a unit of that prize as long as there
-- is one. Whoever asks again gets the same turn. `stale`: the epoch is over; ask for the next one.
create or replace function coalition.take_turn(
  p_draw uuid, p_epoch integer, p_ticket uuid, p_client_seed text, p_message text, p_names text[], p_weights bigint[],
  p_stock integer[], p_consolation text, p_spins_max integer, p_at timestamptz)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  s coalition.draw_seed;
  t coalition.draw_turn;
  v_left numeric;
  v_place integer := 1;
  v_unit integer;
  v_given text;
begin
  select * into t from coalition.draw_turn where ticket_id = p_ticket;
  if not found then
    select * into s from coalition.draw_seed where draw_id = p_draw and epoch = p_epoch for no key update;
    -- Whoever was faster has taken it meanwhile.
    select * into t from coalition.draw_turn where ticket_id = p_ticket;
  end if;
  if t.ticket_id is not null then
    return jsonb_build_object('code', 'posted', 'replayed', true, 'epoch', t.epoch, 'number', t.number,
             'given', t.given);
  end if;
  if s.opened_at is null or s.closed_at is not null or s.spins >= p_spins_max then return '{"code": "stale"}'; end if;
  v_left := coalition.sampled((select seed from coalition.draw_secret where draw_id = p_draw and epoch = p_epoch),
              p_message, (select sum(w) from unnest(p_weights) w));
  while v_left >= p_weights[v_place] loop
    v_left := v_left - p_weights[v_place];
    v_place := v_place + 1;
  end loop;
  v_given := p_names[v_place];
  if p_stock[v_place] is not null then
    select coalesce(max(unit), 0) + 1 into v_unit from coalition.draw_turn
     where draw_id = p_draw and drawn = p_names[v_place] and unit is not null;
    if v_unit > p_stock[v_place] then
      v_given := p_consolation;
      v_unit := null;
    end if;
  end if;
  insert into coalition.draw_turn (draw_id, epoch, number, ticket_id, client_seed, drawn, given, unit, drawn_at)
  values (p_draw, p_epoch, s.spins + 1, p_ticket, p_client_seed, p_names[v_place], v_given, v_unit,
    greatest(p_at, s.opened_at))
  on conflict (ticket_id) do nothing;
  if not found then return '{"code": "stale"}'; end if;
  update coalition.draw_seed set spins = spins + 1 where draw_id = p_draw and epoch = p_epoch;
  return jsonb_build_object('code', 'posted', 'replayed', false, 'epoch', p_epoch, 'number', s.spins + 1,
           'given', v_given);
end $$;

-- Says that the prize of a place could not be given; it goes on to the next alternate that has none.
create or replace function coalition.pass_place(p_draw uuid, p_place integer, p_note text, p_at timestamptz)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_prize text;
begin
  -- All places in order, so that two that pass at once pass to two.
  perform 1 from coalition.draw_place where draw_id = p_draw order by place for no key update;
  update coalition.draw_place set passed = true, note = p_note, settled_at = p_at
   where draw_id = p_draw and place = p_place and prize is not null and settled_at is null returning prize into v_prize;
  if not found then return '{"code": "posted", "replayed": true}'; end if;
  update coalition.draw_place set prize = v_prize
   where draw_id = p_draw and place = (select min(place) from coalition.draw_place
                                         where draw_id = p_draw and prize is null);
  return '{"code": "posted", "replayed": false}';
end $$;
