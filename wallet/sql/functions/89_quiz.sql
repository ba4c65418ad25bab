-- Quizzes: a try is begun, counted and timed under the wallet's lock, and answered once, before its time is over.
create or replace function ledger.start_quiz(
  p_bucket smallint, p_try uuid, p_wallet uuid, p_house_asset smallint, p_quiz uuid, p_version uuid, p_seed uuid,
  p_seconds int, p_tries_max int, p_fingerprint uuid, p_at timestamptz default null)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_at timestamptz;
  t ledger.quiz_try;
  house ledger.wallet;
  v_answer jsonb;
  v_tries int;
begin
  select * into house from ledger.wallet
   where bucket = p_bucket and wallet_id = p_wallet and asset = p_house_asset for no key update;
  if not found then return '{"code": "currency_mismatch"}'; end if;
  v_at := coalesce(p_at, clock_timestamp());
  select * into t from ledger.quiz_try where bucket = p_bucket and try_id = p_try;
  if found then
    return ledger.posted_before(t.fingerprint = p_fingerprint, t.started_at, jsonb_build_object('try_id', p_try));
  end if;
  v_answer := ledger.refused_before(p_bucket, p_try, p_fingerprint);
  if v_answer is not null then return v_answer; end if;
  select count(*) into v_tries from ledger.quiz_try
   where bucket = p_bucket and wallet_id = p_wallet and quiz_id = p_quiz;
  v_answer := case
    when house.state <> 'open' then jsonb_build_object('code', 'member_suspended')
    when ledger.excluded(p_bucket, p_wallet, v_at) is not null then jsonb_build_object('code', 'self_excluded')
    when v_tries >= p_tries_max then jsonb_build_object('code', 'activity_limit')
  end;
  if v_answer is not null then
    return ledger.refuse(p_bucket, p_try, p_wallet, 'quiz_start', p_fingerprint, v_answer);
  end if;
  insert into ledger.quiz_try (bucket, try_id, wallet_id, quiz_id, version_id, number, seed, fingerprint, started_at,
    ends_at)
  values (p_bucket, p_try, p_wallet, p_quiz, p_version, v_tries + 1, p_seed, p_fingerprint, v_at,
    v_at + make_interval(secs => p_seconds));
  return jsonb_build_object('code', 'posted', 'replayed', false, 'try_id', p_try);
end $$;

-- The answers of a try, once; its points are a play, with a unit for who has passed. The same answers again are a
-- replay, others or late ones find it closed.
create or replace function ledger.answer_quiz(
  p_bucket smallint, p_try uuid, p_wallet uuid, p_house_asset smallint, p_play uuid, p_answers jsonb, p_points bigint,
  p_campaign uuid, p_award uuid, p_reference text, p_fingerprint uuid, p_at timestamptz default null)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_at timestamptz;
  t ledger.quiz_try;
  house ledger.wallet;
begin
  select * into house from ledger.wallet
   where bucket = p_bucket and wallet_id = p_wallet and asset = p_house_asset for no key update;
  if not found then return '{"code": "currency_mismatch"}'; end if;
  v_at := coalesce(p_at, clock_timestamp());
  select * into t from ledger.quiz_try where bucket = p_bucket and try_id = p_try and wallet_id = p_wallet;
  if not found then return '{"code": "not_found"}'; end if;
  if t.answered_at is not null then
    if t.answers <> p_answers then return '{"code": "quiz_closed"}'; end if;
    return ledger.posted_before(true, t.answered_at, jsonb_build_object('play_id', p_play));
  end if;
  if v_at >= t.ends_at then return '{"code": "quiz_closed"}'; end if;
  if house.state <> 'open' then return '{"code": "member_suspended"}'; end if;
  update ledger.quiz_try set answers = p_answers, points = p_points, answered_at = v_at
   where bucket = p_bucket and try_id = p_try;
  insert into ledger.play (bucket, play_id, wallet_id, kind, scheme_id, version_id, reference, points, units,
    campaign_id, award_id, fingerprint, happened_at, recorded_at)
  values (p_bucket, p_play, p_wallet, 'quiz', t.quiz_id, t.version_id, p_reference, p_points,
    case when p_campaign is null then 0 else 1 end, p_campaign, p_award, p_fingerprint, v_at, v_at);
  update ledger.wallet set facts = facts + 1
   where bucket = p_bucket and wallet_id = p_wallet and asset = p_house_asset;
  perform ledger.tell(p_bucket, p_play, 'quiz.finished', p_wallet, p_play, v_at, null);
  return jsonb_build_object('code', 'posted', 'replayed', false, 'play_id', p_play);
end $$;
