-- Playing within limits. A limit is changed, and asked for, under the lock of the member's wallet: a game that comes at
-- the same time as the member's own exclusion is either before it or refused.
create or replace function ledger.set_play_limit(
  p_bucket smallint, p_wallet uuid, p_house_asset smallint, p_version bigint, p_limits bigint[], p_later bigint[],
  p_later_at timestamptz, p_excluded_at timestamptz, p_excluded_until timestamptz)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_version bigint;
begin
  perform 1 from ledger.wallet
    where bucket = p_bucket and wallet_id = p_wallet and asset = p_house_asset for no key update;
  if not found then return '{"code": "currency_mismatch"}'; end if;
  select version into v_version from ledger.play_limit where bucket = p_bucket and wallet_id = p_wallet;
  -- The rule decided on another version: it has to look again.
  if coalesce(v_version, 0) <> p_version then return '{"code": "stale"}'; end if;
  insert into ledger.play_limit as l (bucket, wallet_id, version, day_most, week_most, month_most, later_day_most,
    later_week_most, later_month_most, later_at, excluded_at, excluded_until)
  values (p_bucket, p_wallet, p_version + 1, p_limits[1], p_limits[2], p_limits[3], p_later[1], p_later[2], p_later[3],
    p_later_at, p_excluded_at, p_excluded_until)
  on conflict (bucket, wallet_id) do update set version = excluded.version, day_most = excluded.day_most,
    week_most = excluded.week_most, month_most = excluded.month_most, later_day_most = excluded.later_day_most,
    later_week_most = excluded.later_week_most, later_month_most = excluded.later_month_most,
    later_at = excluded.later_at, excluded_at = excluded.excluded_at, excluded_until = excluded.excluded_until;
  return '{"code": "posted", "replayed": false}';
end $$;

-- Says `self_excluded` for a member who has shut themselves out, null for anybody else. Whoever writes a game asks it
-- under the wallet's lock.
create or replace function ledger.excluded(p_bucket smallint, p_wallet uuid, p_at timestamptz) returns jsonb
language plpgsql stable as $$
begin
  if exists (select 1 from ledger.play_limit
              where bucket = p_bucket and wallet_id = p_wallet and excluded_at is not null
                and (excluded_until is null or p_at < excluded_until)) then
    return '{"code": "self_excluded"}';
  end if;
  return null;
end $$;

-- Why a member may not play now by what they said themselves: shut out, or as often as they wanted to. `p_starts` are
-- the beginnings of the day, the week and the month; a play is a ticket that was used.
create or replace function ledger.play_refusal(
  p_bucket smallint, p_wallet uuid, p_starts timestamptz[], p_at timestamptz) returns jsonb
language plpgsql stable as $$
declare
  l ledger.play_limit;
  v_most bigint[];
begin
  select * into l from ledger.play_limit where bucket = p_bucket and wallet_id = p_wallet;
  if not found then return null; end if;
  if l.excluded_at is not null and (l.excluded_until is null or p_at < l.excluded_until) then
    return '{"code": "self_excluded"}';
  end if;
  v_most := case when l.later_at is null or p_at < l.later_at
                 then array[l.day_most, l.week_most, l.month_most]
                 else array[l.later_day_most, l.later_week_most, l.later_month_most] end;
  for i in 1 .. 3 loop
    if (select count(*) from ledger.ticket
         where bucket = p_bucket and wallet_id = p_wallet and used_at >= p_starts[i]) >= v_most[i] then
      return '{"code": "play_limit"}';
    end if;
  end loop;
  return null;
end $$;
