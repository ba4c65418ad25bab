-- Orders at partners. What is held for one is decided by what its partner acknowledged, and by nothing else: each step
-- of an order moves what the table of steps says, in the commit that records the step. An attempt is claimed before
-- the partner is called, and whoever comes late with an old version changes nothing.

-- What a step of an order moves in the books, `none` for nothing; null for a step that there is not. It is the table
-- of `wallet/rules/order_states.py`.
create or replace function ledger.order_moves(p_state text, p_aim text, p_to text) returns text
language sql immutable strict parallel safe as $$
  select case p_aim || ' ' || p_state || ' ' || p_to
    when 'issue held sending' then 'none'
    when 'issue held unknown' then 'none'
    when 'issue held released' then 'release'
    when 'issue sending held' then 'none'
    when 'issue sending unknown' then 'none'
    when 'issue sending attention' then 'none'
    when 'issue sending captured' then 'capture'
    when 'issue sending released' then 'release'
    when 'issue unknown sending' then 'none'
    when 'issue unknown unknown' then 'none'
    when 'issue unknown attention' then 'none'
    when 'issue unknown captured' then 'capture'
    when 'issue unknown released' then 'release'
    when 'issue attention unknown' then 'none'
    when 'issue attention captured' then 'capture'
    when 'issue attention released' then 'release'
    when 'issue captured captured' then 'none'
    when 'issue captured reversing' then 'none'
    when 'reverse captured captured' then 'none'
    when 'reverse captured reversing' then 'none'
    when 'reverse reversing reversing' then 'none'
    when 'reverse reversing reverse_unknown' then 'none'
    when 'reverse reversing attention' then 'none'
    when 'reverse reversing captured' then 'none'
    when 'reverse reversing reversed' then 'refund'
    when 'reverse reverse_unknown reversing' then 'none'
    when 'reverse reverse_unknown reverse_unknown' then 'none'
    when 'reverse reverse_unknown attention' then 'none'
    when 'reverse reverse_unknown captured' then 'none'
    when 'reverse reverse_unknown reversed' then 'refund'
    when 'reverse attention reverse_unknown' then 'none'
    when 'reverse attention captured' then 'none'
    when 'reverse attention reversed' then 'refund'
    when 'issue released late' then 'none'
    when 'issue released suspense' then 'suspend'
    when 'undo released late' then 'none'
    when 'undo released suspense' then 'suspend'
    when 'reverse reversed late' then 'none'
    when 'reverse reversed suspense' then 'suspend'
    when 'undo reversed late' then 'none'
    when 'undo reversed suspense' then 'suspend'
    when 'undo late late' then 'none'
    when 'undo late attention' then 'none'
    when 'undo late released' then 'none'
    when 'undo late reversed' then 'none'
    when 'undo late suspense' then 'suspend'
    when 'undo attention late' then 'none'
    when 'undo attention released' then 'none'
    when 'undo attention reversed' then 'none'
    when 'undo attention suspense' then 'suspend'
    when 'undo suspense released' then 'unsuspend'
    when 'undo suspense reversed' then 'unsuspend'
  end
$$;

-- Holds a member's value for a partner, with the order beside it. No clock ends this hold: its order does.
create or replace function ledger.order_hold(
  p_bucket smallint, p_redemption uuid, p_fingerprint uuid, p_wallet uuid, p_asset smallint, p_amount bigint,
  p_merchant uuid, p_partner uuid, p_kind text, p_link uuid, p_subject text, p_kid text, p_at timestamptz default null)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_at timestamptz := coalesce(p_at, clock_timestamp());
  w ledger.wallet;
  r ledger.redemption;
  v_answer jsonb;
  v_free bigint;
begin
  select * into w from ledger.wallet where bucket = p_bucket and wallet_id = p_wallet and asset = p_asset
     for no key update;
  if not found then return '{"code": "currency_mismatch"}'; end if;
  select * into r from ledger.redemption where bucket = p_bucket and redemption_id = p_redemption;
  if found then
    return ledger.posted_before(r.fingerprint = p_fingerprint, r.held_at,
             jsonb_build_object('redemption_id', p_redemption));
  end if;
  v_answer := ledger.refused_before(p_bucket, p_redemption, p_fingerprint);
  if v_answer is not null then return v_answer; end if;

  v_free := w.credited - w.debited - w.held;
  v_answer := case
    when w.state <> 'open' then jsonb_build_object('code', 'member_suspended')
    when v_free < p_amount then jsonb_build_object('code', 'insufficient_funds', 'available_minor', greatest(v_free, 0))
    else ledger.spend_refusal(p_bucket, p_redemption, p_wallet, p_asset, p_merchant, p_amount, v_at)
  end;
  if v_answer is not null then
    return ledger.refuse(p_bucket, p_redemption, p_wallet, 'redemption_order', p_fingerprint, v_answer);
  end if;

  perform ledger.set_aside(p_bucket, w, p_redemption, p_fingerprint, p_merchant, null, p_amount, 'infinity',
            replace(p_redemption::text, '-', ''), v_at);
  insert into ledger.partner_order (bucket, redemption_id, partner_id, kind, link_id, subject, kid, ask, due_at,
    aimed_at, created_at, changed_at)
  values (p_bucket, p_redemption, p_partner, p_kind, p_link, p_subject, p_kid, 'issue', v_at, v_at, v_at, v_at);
  return jsonb_build_object('code', 'posted', 'replayed', false, 'redemption_id', p_redemption);
end $$;

-- Claims an order for one attempt, before the partner is called: nobody else asks while the lease lasts. Whoever read
-- an older version, finds it claimed or waits for somebody who is claiming it gets nothing.
create or replace function ledger.order_take(
  p_bucket smallint, p_redemption uuid, p_version bigint, p_lease interval, p_at timestamptz default null)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_at timestamptz := coalesce(p_at, clock_timestamp());
  o ledger.partner_order;
  v_sends boolean;
begin
  select * into o from ledger.partner_order where bucket = p_bucket and redemption_id = p_redemption
     for no key update skip locked;
  if not found or o.version <> p_version or o.leased or o.ask is null then return '{"code": "moved"}'; end if;
  v_sends := o.ask <> 'find';
  update ledger.partner_order
     set state = case when not v_sends or o.aim = 'undo' then o.state
                      when o.aim = 'issue' then 'sending' else 'reversing' end,
         leased = true, due_at = v_at + p_lease, version = o.version + 1, attempts = o.attempts + 1,
         sends = o.sends + v_sends::int, sent_at = case when v_sends then v_at else o.sent_at end,
         first_sent_at = case when v_sends then coalesce(o.first_sent_at, v_at) else o.first_sent_at end,
         changed_at = v_at
   where bucket = p_bucket and redemption_id = p_redemption;
  return jsonb_build_object('code', 'taken', 'version', o.version + 1);
end $$;

-- Takes an order to its next state, with what that moves. The new state comes first, because the books settle nothing
-- that an undecided order holds. What nobody acknowledged moves nothing: that is a bug of ours, and no refusal. The
-- caller holds the wallet's lock where anything moves. It is not granted to the application.
create or replace function ledger.order_move(
  p_bucket smallint, o ledger.partner_order, r ledger.redemption, p_to text, p_ask text, p_wait interval, p_said text,
  p_zone text, p_at timestamptz)
returns void language plpgsql as $$
declare
  v_moves text := ledger.order_moves(o.state, o.aim, p_to);
  v_step uuid := ledger.derived(o.redemption_id, p_to || o.version);
  v_undo boolean := o.state in ('released', 'reversed');
  v_answer jsonb := '{"code": "posted"}';
  nobody ledger.wallet;
begin
  if v_moves is null or not (case v_moves
       when 'capture' then p_said in ('live', 'spent')
       when 'release' then o.state = 'held' or p_said in ('refused', 'absent', 'void')
                           or (p_said = 'not_sent' and not o.doubted)
       when 'refund' then p_said in ('absent', 'void')
       else true end) then
    raise exception 'order % cannot go from % to % by %', o.redemption_id, o.state, p_to, p_said;
  end if;
  update ledger.partner_order
     set state = p_to, ask = p_ask, due_at = case when p_ask is not null then p_at + p_wait end, leased = false,
         version = o.version + 1, changed_at = p_at,
         aim = case when v_undo then 'undo' else o.aim end, aimed_at = case when v_undo then p_at else o.aimed_at end,
         sends = case when v_undo then 0 else o.sends end,
         sent_at = case when not v_undo then o.sent_at end,
         first_sent_at = case when not v_undo then o.first_sent_at end
   where bucket = p_bucket and redemption_id = o.redemption_id;
  case v_moves
    when 'capture' then
      v_answer := ledger.settle(p_bucket, r.redemption_id, v_step, null, r.merchant_id, null, p_zone, p_at);
    when 'release' then
      v_answer := ledger.settle(p_bucket, r.redemption_id, v_step, null, r.merchant_id, 0, p_zone, p_at);
      perform ledger.tell(p_bucket, ledger.derived(v_step, 'tell'), 'order.released', r.wallet_id, r.redemption_id,
                p_at, jsonb_build_object('amount', r.amount));
    when 'refund' then
      v_answer := ledger.refund(p_bucket, r.redemption_id, v_step, null, r.merchant_id, null, p_zone, p_at);
    when 'suspend' then
      perform ledger.post_moves(p_bucket, array[ledger.move(p_bucket, v_step, 'suspend', 'suspense', 'honoured',
                r.amount, nobody, r.merchant_id, r.merchant_id, r.asset, null, r.redemption_id, r.merchant_id, p_at)]);
    when 'unsuspend' then
      perform ledger.post_moves(p_bucket, array[ledger.move(p_bucket, v_step, 'unsuspend', 'honoured', 'suspense',
                r.amount, nobody, r.merchant_id, r.merchant_id, r.asset, null, r.redemption_id, r.merchant_id, p_at)]);
    else
  end case;
  if v_answer ->> 'code' <> 'posted' then
    raise exception 'redemption % did not follow its order: %', r.redemption_id, v_answer;
  end if;
end $$;

-- Records what was answered to an attempt, or told of an order, and takes the order where the rule sends it, together
-- with the money. Whoever comes with an old version was overtaken, and records nothing.
create or replace function ledger.order_record(
  p_bucket smallint, p_redemption uuid, p_version bigint, p_to text, p_ask text, p_wait interval, p_lookups int,
  p_agreed int, p_doubted boolean, p_refused boolean, p_asked text, p_said text, p_reason text, p_took_ms int,
  p_reference text, p_zone text, p_at timestamptz default null)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_at timestamptz := coalesce(p_at, clock_timestamp());
  o ledger.partner_order;
  r ledger.redemption;
  v_number int;
begin
  select * into o from ledger.partner_order where bucket = p_bucket and redemption_id = p_redemption;
  if not found or o.version <> p_version then return '{"code": "moved"}'; end if;
  select * into r from ledger.redemption where bucket = p_bucket and redemption_id = p_redemption;
  if ledger.order_moves(o.state, o.aim, p_to) <> 'none' then
    perform from ledger.wallet where bucket = p_bucket and wallet_id = r.wallet_id and asset = r.asset
        for no key update;
  end if;
  select * into o from ledger.partner_order where bucket = p_bucket and redemption_id = p_redemption
     for no key update;
  if o.version <> p_version then return '{"code": "moved"}'; end if;

  -- An attempt was counted when it was claimed; what is told or decided beside it is one more.
  v_number := o.attempts + (p_asked not in ('issue', 'find', 'reverse'))::int;
  if v_number > o.attempts and o.leased then
    -- Whoever is asking now will come too late: their attempt ends here, and this is the one after it.
    insert into ledger.partner_attempt (bucket, redemption_id, number, asked, said, state, reason, took_ms, ended_at)
    values (p_bucket, p_redemption, o.attempts, o.ask, 'unknown', o.state, 'overtaken', 0, v_at);
  end if;
  perform ledger.order_move(p_bucket, o, r, p_to, p_ask, p_wait, p_said, p_zone, v_at);
  update ledger.partner_order
     set attempts = v_number, lookups = p_lookups, agreed = p_agreed, doubted = p_doubted, refused = p_refused,
         there = case when p_said in ('live', 'spent', 'void', 'absent') then p_said else o.there end,
         reference = coalesce(p_reference, o.reference), reason = coalesce(p_reason, o.reason)
   where bucket = p_bucket and redemption_id = p_redemption;
  insert into ledger.partner_attempt (bucket, redemption_id, number, asked, said, state, reason, took_ms, ended_at)
  values (p_bucket, p_redemption, v_number, p_asked, p_said, p_to, p_reason, p_took_ms, v_at);
  return jsonb_build_object('code', 'recorded', 'state', p_to);
end $$;

-- Asks that what an order has spent be taken back at the partner; the lots get their value when the partner has done
-- so, and not before.
create or replace function ledger.order_reverse(
  p_bucket smallint, p_redemption uuid, p_request uuid, p_fingerprint uuid, p_at timestamptz default null)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_at timestamptz := coalesce(p_at, clock_timestamp());
  o ledger.partner_order;
  r ledger.redemption;
  v_answer jsonb;
begin
  select * into r from ledger.redemption where bucket = p_bucket and redemption_id = p_redemption;
  perform from ledger.wallet where bucket = p_bucket and wallet_id = r.wallet_id and asset = r.asset
      for no key update;
  select * into o from ledger.partner_order where bucket = p_bucket and redemption_id = p_redemption
     for no key update;
  if not found then return '{"code": "not_found"}'; end if;
  if o.request_id = p_request then
    return jsonb_build_object('code', 'posted', 'replayed', true, 'redemption_id', p_redemption);
  end if;
  v_answer := ledger.refused_before(p_bucket, p_request, p_fingerprint);
  if v_answer is not null then return v_answer; end if;
  if o.state <> 'captured' then
    return ledger.refuse(p_bucket, p_request, r.wallet_id, 'order_reverse', p_fingerprint,
             jsonb_build_object('code', 'order_closed', 'state', o.state));
  end if;
  update ledger.partner_order
     set state = 'reversing', aim = 'reverse', ask = 'reverse', due_at = v_at, version = o.version + 1, sends = 0,
         lookups = 0, agreed = 0, doubted = false, refused = false, aimed_at = v_at, sent_at = null,
         first_sent_at = null, reason = null, request_id = p_request, changed_at = v_at
   where bucket = p_bucket and redemption_id = p_redemption;
  return jsonb_build_object('code', 'posted', 'replayed', false, 'redemption_id', p_redemption);
end $$;

-- Decides an order that nobody could tell of, or whose value hangs in suspense, by what two people found out: that the
-- value was `issued` and stands at the partner, or that it is `absent` there.
create or replace function ledger.order_resolve(
  p_bucket smallint, p_redemption uuid, p_request uuid, p_outcome text, p_evidence text, p_zone text,
  p_at timestamptz default null)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_at timestamptz := coalesce(p_at, clock_timestamp());
  o ledger.partner_order;
  r ledger.redemption;
  v_gone text;
  v_to text;
  v_said text := case p_outcome when 'issued' then 'live' else 'absent' end;
begin
  select * into r from ledger.redemption where bucket = p_bucket and redemption_id = p_redemption;
  perform from ledger.wallet where bucket = p_bucket and wallet_id = r.wallet_id and asset = r.asset
      for no key update;
  select * into o from ledger.partner_order where bucket = p_bucket and redemption_id = p_redemption
     for no key update;
  if not found then return '{"code": "not_found"}'; end if;
  if o.request_id = p_request then
    return jsonb_build_object('code', 'posted', 'replayed', true, 'redemption_id', p_redemption);
  end if;
  v_gone := case when o.aim = 'reverse' or r.state = 'captured' then 'reversed' else 'released' end;
  v_to := case
    when o.state = 'suspense' then case p_outcome when 'absent' then v_gone end
    when o.state <> 'attention' then null
    when p_outcome = 'absent' then v_gone
    when o.aim = 'undo' then 'suspense'
    else 'captured' end;
  if v_to is null then return jsonb_build_object('code', 'order_closed', 'state', o.state); end if;
  perform ledger.order_move(p_bucket, o, r, v_to, null, null, v_said, p_zone, v_at);
  update ledger.partner_order
     set attempts = o.attempts + 1, doubted = false, there = v_said, evidence = p_evidence, request_id = p_request
   where bucket = p_bucket and redemption_id = p_redemption;
  insert into ledger.partner_attempt (bucket, redemption_id, number, asked, said, state, reason, took_ms, ended_at)
  values (p_bucket, p_redemption, o.attempts + 1, 'staff', v_said, v_to, p_evidence, 0, v_at);
  return jsonb_build_object('code', 'posted', 'replayed', false, 'redemption_id', p_redemption);
end $$;
