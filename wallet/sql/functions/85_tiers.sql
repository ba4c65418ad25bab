-- Where members stand on ladders, as the rule worked it out from what it saw. Under the wallet's lock: what moved on
-- meanwhile answers `stale`, and nothing of it is kept. A change of tier is a fact that campaigns ask for, so it counts
-- as one, and the standing has seen it.
create or replace function ledger.advance_standings(
  p_buckets smallint[], p_house_asset smallint, p_items jsonb, p_at timestamptz)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  i record;
  s record;
  v_bucket smallint;
  v_facts bigint;
  v_answers jsonb := '[]';
begin
  for i in
    select * from jsonb_to_recordset(p_items) as x (bucket smallint, wallet uuid, facts bigint, standings jsonb)
     where bucket = any (p_buckets) order by bucket, wallet
  loop
    select facts into v_facts from ledger.wallet
     where bucket = i.bucket and wallet_id = i.wallet and asset = p_house_asset for no key update;
    if v_facts is distinct from i.facts or exists (
      select 1 from jsonb_to_recordset(i.standings) as x (scheme uuid, seen int)
        left join ledger.standing o
          on o.bucket = i.bucket and o.wallet_id = i.wallet and o.scheme_id = x.scheme
       where coalesce(o.changes, 0) <> x.seen)
    then
      v_answers := v_answers || jsonb_build_object('wallet', i.wallet, 'code', 'stale');
      continue;
    end if;
    if jsonb_path_exists(i.standings, '$[*].changes[*]') then
      update ledger.wallet set facts = facts + 1
       where bucket = i.bucket and wallet_id = i.wallet and asset = p_house_asset
      returning facts into v_facts;
    end if;
    insert into ledger.tier_change (bucket, wallet_id, scheme_id, n, change_id, version_id, from_tier, to_tier, why,
      qualifying, opens_at, closes_at, causes, effective_at, recorded_at)
    select i.bucket, i.wallet, x.scheme, c.n, c.change_id, c.version_id, c.from_tier, c.to_tier, c.why, c.qualifying,
           c.opens_at, c.closes_at, c.causes, c.effective_at, p_at
      from jsonb_to_recordset(i.standings) as x (scheme uuid, changes jsonb)
     cross join jsonb_to_recordset(x.changes) as c (n int, change_id uuid, version_id uuid, from_tier text,
       to_tier text, why text, qualifying bigint, opens_at timestamptz, closes_at timestamptz, causes uuid[],
       effective_at timestamptz);
    for s in
      select * from jsonb_to_recordset(i.standings) as x (scheme uuid, seen int, version uuid, tier text,
        since timestamptz, qualifying bigint, lifetime boolean, look_at timestamptz, detail jsonb, changes jsonb,
        tells jsonb, warning jsonb)
    loop
      perform ledger.tell(i.bucket, (t ->> 'event')::uuid, 'tier.changed', i.wallet, (t ->> 'event')::uuid, p_at,
                t -> 'detail')
         from jsonb_array_elements(s.tells) as t;
      if s.warning ? 'event' and not exists (
        select 1 from ledger.standing o where o.bucket = i.bucket and o.wallet_id = i.wallet
           and o.scheme_id = s.scheme and o.warned_for = (s.warning ->> 'until')::timestamptz)
      then
        perform ledger.tell(i.bucket, (s.warning ->> 'event')::uuid, 'tier.warning', i.wallet, s.scheme, p_at,
                  s.warning -> 'detail');
      end if;
      insert into ledger.standing as o (bucket, wallet_id, scheme_id, version_id, tier, since, qualifying, lifetime,
        changes, facts_seen, looked_at, look_at, warned_for, detail)
      values (i.bucket, i.wallet, s.scheme, s.version, s.tier, s.since, s.qualifying, s.lifetime,
        s.seen + jsonb_array_length(s.changes), v_facts, p_at, s.look_at, (s.warning ->> 'until')::timestamptz,
        s.detail)
      on conflict (bucket, wallet_id, scheme_id) do update
        set version_id = excluded.version_id, tier = excluded.tier, since = excluded.since,
            qualifying = excluded.qualifying, lifetime = excluded.lifetime, changes = excluded.changes,
            facts_seen = excluded.facts_seen, looked_at = excluded.looked_at, look_at = excluded.look_at,
            warned_for = coalesce(excluded.warned_for, o.warned_for), detail = excluded.detail;
    end loop;
    v_answers := v_answers || jsonb_build_object('wallet', i.wallet, 'code', 'posted');
  end loop;
  return v_answers;
end $$;

-- Gives a member a tier for a time. That it must be looked at what follows is told by the wallet's facts.
create or replace function ledger.override_tier(
  p_bucket smallint, p_override uuid, p_wallet uuid, p_house_asset smallint, p_scheme uuid, p_tier text,
  p_until timestamptz, p_reason text, p_maker uuid, p_checker uuid, p_fingerprint uuid, p_at timestamptz default null)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_at timestamptz := coalesce(p_at, clock_timestamp());
  o ledger.tier_override;
  v_answer jsonb;
begin
  perform 1 from ledger.wallet
    where bucket = p_bucket and wallet_id = p_wallet and asset = p_house_asset for no key update;
  if not found then return '{"code": "not_found"}'; end if;
  select * into o from ledger.tier_override where bucket = p_bucket and override_id = p_override;
  if found then
    return ledger.posted_before(o.fingerprint = p_fingerprint, o.since, jsonb_build_object('override_id', p_override));
  end if;
  v_answer := ledger.refused_before(p_bucket, p_override, p_fingerprint);
  if v_answer is not null then return v_answer; end if;
  if p_until <= v_at then
    return ledger.refuse(p_bucket, p_override, p_wallet, 'tier_override', p_fingerprint,
             '{"code": "tier_override_invalid"}');
  end if;
  insert into ledger.tier_override (bucket, override_id, wallet_id, scheme_id, tier, since, until, reason, maker_id,
    checker_id, fingerprint)
  values (p_bucket, p_override, p_wallet, p_scheme, p_tier, v_at, p_until, p_reason, p_maker, p_checker,
    p_fingerprint);
  update ledger.wallet set facts = facts + 1
   where bucket = p_bucket and wallet_id = p_wallet and asset = p_house_asset;
  perform ledger.tell(p_bucket, p_override, 'tier.overridden', p_wallet, p_override, v_at, null);
  return jsonb_build_object('code', 'posted', 'replayed', false, 'override_id', p_override);
end $$;
