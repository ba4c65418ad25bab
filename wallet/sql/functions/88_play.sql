-- Games: a round's points, and the units that the limits of the day and the month leave of it, under the wallet's lock.
-- A round that comes sooner after or before another than a round takes cannot be one.
create or replace function ledger.record_game(
  p_bucket smallint, p_play uuid, p_wallet uuid, p_house_asset smallint, p_game uuid, p_version uuid, p_merchant uuid,
  p_reference text, p_points bigint, p_units int, p_seconds_min int, p_most_day int, p_most_month int,
  p_day timestamptz[], p_month timestamptz[], p_campaign uuid, p_award uuid, p_fingerprint uuid,
  p_happened timestamptz, p_at timestamptz default null)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_at timestamptz := coalesce(p_at, clock_timestamp());
  p ledger.play;
  house ledger.wallet;
  v_answer jsonb;
  v_units int;
begin
  select * into house from ledger.wallet
   where bucket = p_bucket and wallet_id = p_wallet and asset = p_house_asset for no key update;
  if not found then return '{"code": "currency_mismatch"}'; end if;
  select * into p from ledger.play where bucket = p_bucket and play_id = p_play;
  if found then
    return ledger.posted_before(p.fingerprint = p_fingerprint, p.recorded_at, jsonb_build_object('play_id', p_play));
  end if;
  v_answer := ledger.refused_before(p_bucket, p_play, p_fingerprint);
  if v_answer is not null then return v_answer; end if;
  v_answer := case
    when house.state <> 'open' then jsonb_build_object('code', 'member_suspended')
    when ledger.excluded(p_bucket, p_wallet, v_at) is not null then jsonb_build_object('code', 'self_excluded')
    when exists (select from ledger.play
                  where bucket = p_bucket and wallet_id = p_wallet and scheme_id = p_game
                    and happened_at > p_happened - make_interval(secs => p_seconds_min)
                    and happened_at < p_happened + make_interval(secs => p_seconds_min))
      then jsonb_build_object('code', 'game_score_invalid')
  end;
  if v_answer is not null then
    return ledger.refuse(p_bucket, p_play, p_wallet, 'game_score', p_fingerprint, v_answer);
  end if;
  select greatest(0, least(p_units,
           p_most_day - coalesce(sum(units) filter (where happened_at >= p_day[1] and happened_at < p_day[2]), 0),
           p_most_month - coalesce(sum(units), 0)))
    into v_units
    from ledger.play
   where bucket = p_bucket and wallet_id = p_wallet and scheme_id = p_game
     and happened_at >= p_month[1] and happened_at < p_month[2];
  insert into ledger.play (bucket, play_id, wallet_id, kind, scheme_id, version_id, merchant_id, reference, points,
    units, campaign_id, award_id, fingerprint, happened_at, recorded_at)
  values (p_bucket, p_play, p_wallet, 'game', p_game, p_version, p_merchant, p_reference, p_points,
    v_units, case when v_units > 0 then p_campaign end, p_award, p_fingerprint, p_happened, v_at);
  update ledger.wallet set facts = facts + 1
   where bucket = p_bucket and wallet_id = p_wallet and asset = p_house_asset;
  perform ledger.tell(p_bucket, p_play, 'game.played', p_wallet, p_play, v_at, null);
  return jsonb_build_object('code', 'posted', 'replayed', false, 'play_id', p_play);
end $$;

-- Says what became of a play's reward; whoever says it first is believed, because all of them ask for the same award.
create or replace function ledger.settle_play(p_bucket smallint, p_play uuid, p_outcome text)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  update ledger.play set outcome = p_outcome
   where bucket = p_bucket and play_id = p_play and units > 0 and outcome is null;
  return jsonb_build_object('code', 'posted', 'replayed', not found);
end $$;
