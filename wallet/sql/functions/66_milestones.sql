-- Puts down what happened to a member besides movements, for whoever must be told and for whoever follows the wallet.
-- Its caller holds the wallet's lock, so numbers are given out in order and become visible in it.
create or replace function ledger.happen(
  p_bucket smallint, p_event uuid, p_topic text, p_wallet uuid, p_subject uuid, p_at timestamptz, p_detail jsonb)
returns void language plpgsql as $$
begin
  insert into ledger.happening (bucket, wallet_id, n, topic, subject_id, happened_at)
  select p_bucket, p_wallet, coalesce(max(n), 0) + 1, p_topic, p_subject, p_at
    from ledger.happening where bucket = p_bucket and wallet_id = p_wallet;
  perform ledger.tell(p_bucket, p_event, p_topic, p_wallet, p_subject, p_at, p_detail);
end $$;

-- Keeps what a member did, once for its id, and a review once for its line. It is a fact of the wallet, so whoever is
-- deciding about it meanwhile decides again.
create or replace function ledger.keep_activity(
  p_bucket smallint, p_activity uuid, p_wallet uuid, p_house_asset smallint, p_merchant uuid, p_kind text, p_name text,
  p_reference text, p_proof text, p_purchase uuid, p_line_no int, p_score int, p_stars int, p_fingerprint uuid,
  p_happened_at timestamptz, p_at timestamptz default null)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_at timestamptz := coalesce(p_at, clock_timestamp());
begin
  perform 1 from ledger.wallet
    where bucket = p_bucket and wallet_id = p_wallet and asset = p_house_asset for no key update;
  if not found then return '{"code": "currency_mismatch"}'; end if;
  insert into ledger.activity (bucket, activity_id, wallet_id, merchant_id, kind, name, reference, proof, purchase_id,
    line_no, score, stars, fingerprint, happened_at, reported_at)
  values (p_bucket, p_activity, p_wallet, p_merchant, p_kind, p_name, p_reference, p_proof, p_purchase, p_line_no,
    p_score, p_stars, p_fingerprint, p_happened_at, v_at)
  on conflict do nothing;
  if not found then
    return jsonb_build_object('code', 'posted', 'replayed', true, 'activity_id', p_activity);
  end if;
  update ledger.wallet set facts = facts + 1
   where bucket = p_bucket and wallet_id = p_wallet and asset = p_house_asset;
  perform ledger.tell(p_bucket, ledger.derived(p_activity, 'reported'), 'activity.reported', p_wallet, p_activity, v_at,
            null);
  return jsonb_build_object('code', 'posted', 'replayed', false, 'activity_id', p_activity);
end $$;

-- Writes down which milestones a member has reached ($5: completion, milestone, version, period, nth, measured, causes,
-- award, reached_at, detail) and which no more ($6: completion, detail), as the rule worked it out from the facts of
-- that version. Whatever moved on meanwhile answers `stale`, and nothing of it is kept; what is written already stays.
create or replace function ledger.record_completions(
  p_bucket smallint, p_wallet uuid, p_house_asset smallint, p_facts bigint, p_reached jsonb, p_fallen jsonb,
  p_at timestamptz default null)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_at timestamptz := coalesce(p_at, clock_timestamp());
  w ledger.wallet;
  v_moved boolean := false;
  i record;
begin
  select * into w from ledger.wallet
   where bucket = p_bucket and wallet_id = p_wallet and asset = p_house_asset for no key update;
  if not found then return '{"code": "currency_mismatch"}'; end if;
  -- Whoever is suspended reaches nothing; what they reached is worked out again when they are back.
  if w.facts <> p_facts or (w.state <> 'open' and jsonb_array_length(p_reached) > 0) then
    return '{"code": "stale", "replayed": false}';
  end if;
  for i in select * from jsonb_to_recordset(p_fallen) as x (completion uuid, detail jsonb) loop
    update ledger.completion set taken_back_at = v_at
     where bucket = p_bucket and completion_id = i.completion and wallet_id = p_wallet and taken_back_at is null;
    if found then
      v_moved := true;
      perform ledger.happen(p_bucket, ledger.derived(i.completion, 'taken back'), 'milestone.taken_back', p_wallet,
                i.completion, v_at, i.detail);
    end if;
  end loop;
  for i in
    select * from jsonb_to_recordset(p_reached) as x (completion uuid, milestone uuid, version uuid, period text,
      nth int, measured bigint, causes uuid[], award uuid, reached_at timestamptz, detail jsonb)
  loop
    insert into ledger.completion (bucket, completion_id, wallet_id, milestone_id, version_id, period, nth, measured,
      causes, award_id, reached_at, recorded_at)
    values (p_bucket, i.completion, p_wallet, i.milestone, i.version, i.period, i.nth, i.measured, i.causes, i.award,
      i.reached_at, v_at)
    on conflict do nothing;
    if found then
      v_moved := true;
      perform ledger.happen(p_bucket, i.completion, 'milestone.completed', p_wallet, i.completion, v_at, i.detail);
    end if;
  end loop;
  -- A tier may be reached by a milestone, so whoever decides by tiers must look again.
  if v_moved then
    update ledger.wallet set facts = facts + 1
     where bucket = p_bucket and wallet_id = p_wallet and asset = p_house_asset;
  end if;
  return '{"code": "posted", "replayed": false}';
end $$;

-- Names another award for a completion, or none, where the one that was named was refused for good or never came.
create or replace function ledger.rename_reward(p_bucket smallint, p_completion uuid, p_from uuid, p_to uuid)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  update ledger.completion set award_id = p_to
   where bucket = p_bucket and completion_id = p_completion and award_id = p_from
     and not exists (select 1 from ledger.award where bucket = p_bucket and award_id = p_from);
  return jsonb_build_object('code', 'posted', 'replayed', not found);
end $$;
