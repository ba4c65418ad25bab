-- Resolves a hold exactly once: captures all or a part (the soonest-expiring part; the rest goes back to its lots),
-- releases it, or lets it expire. An expired hold can not be captured, even before the worker has swept it.
-- p_merchant null is the worker's sweep; p_capture 0 releases.
create or replace function ledger.settle(
  p_bucket smallint, p_redemption uuid, p_request uuid, p_fingerprint uuid, p_merchant uuid, p_capture bigint,
  p_zone text, p_at timestamptz default null)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_at timestamptz := coalesce(p_at, clock_timestamp());
  r ledger.redemption;
  w ledger.wallet;
  t ledger.transfer;
  d record;
  v_answer jsonb;
  v_capture bigint;
  v_left bigint;
  v_take bigint;
  v_extended bigint := 0;
  v_release uuid;
  v_state text;
begin
  select * into r from ledger.redemption where bucket = p_bucket and redemption_id = p_redemption;
  if not found or r.merchant_id <> p_merchant then return '{"code": "not_found"}'; end if;
  select * into w from ledger.wallet where bucket = p_bucket and wallet_id = r.wallet_id and asset = r.asset
     for no key update;
  select * into t from ledger.transfer where bucket = p_bucket and transfer_id = p_request;
  if found then
    return ledger.posted_before(t.fingerprint is not distinct from p_fingerprint, t.posted_at,
             jsonb_build_object('redemption_id', p_redemption));
  end if;
  v_answer := ledger.refused_before(p_bucket, p_request, p_fingerprint);
  if v_answer is not null then return v_answer; end if;

  select * into r from ledger.redemption where bucket = p_bucket and redemption_id = p_redemption;
  v_capture := coalesce(p_capture, r.amount);
  v_answer := case
    when r.state = 'expired' or (r.state = 'held' and v_at >= r.expires_at and p_merchant is not null)
      then jsonb_build_object('code', 'redemption_expired', 'expires_at', r.expires_at)
    when r.state <> 'held' then jsonb_build_object('code', 'redemption_closed', 'state', r.state)
    when v_capture > r.amount then jsonb_build_object('code', 'capture_exceeds_hold', 'held_minor', r.amount)
    -- What is held for a partner's order waits for what the partner acknowledges.
    when r.expires_at = 'infinity' and exists (
      select 1 from ledger.partner_order o
       where o.bucket = p_bucket and o.redemption_id = p_redemption and o.state not in ('captured', 'released'))
      then jsonb_build_object('code', 'redemption_at_partner')
    when p_merchant is null and v_at < r.expires_at then jsonb_build_object('code', 'redemption_closed',
         'state', r.state)
  end;
  if v_answer is not null then
    if p_merchant is null then return v_answer; end if;
    return ledger.refuse(p_bucket, p_request, r.wallet_id, 'redemption_settle', p_fingerprint, v_answer);
  end if;

  v_state := case when v_capture > 0 then 'captured' when p_merchant is null then 'expired' else 'released' end;
  v_release := case when v_capture > 0 then ledger.derived(p_request, 'release') else p_request end;
  v_left := v_capture;
  for d in
    select g.lot_id, g.amount, l.expires_at
      from ledger.draw g join ledger.lot l on l.bucket = g.bucket and l.lot_id = g.lot_id
     where g.bucket = p_bucket and g.cause_id = p_redemption and g.transfer_id = p_redemption
     order by l.expires_at, l.available_at, l.lot_id
  loop
    v_take := least(d.amount, v_left);
    if v_take > 0 then
      insert into ledger.draw (bucket, cause_id, lot_id, transfer_id, amount)
      values (p_bucket, p_redemption, d.lot_id, p_request, v_take);
      v_left := v_left - v_take;
    end if;
    if d.amount > v_take then
      perform ledger.give_back(p_bucket, d.lot_id, d.amount - v_take, p_redemption, v_release, v_at, p_zone);
      if d.expires_at <= v_at then v_extended := v_extended + d.amount - v_take; end if;
    end if;
  end loop;

  w.held := w.held - r.amount;
  w.debited := w.debited + v_capture;
  update ledger.wallet set held = w.held, debited = w.debited,
         version = w.version + case when v_capture > 0 and v_capture < r.amount then 2 else 1 end
   where bucket = p_bucket and wallet_id = r.wallet_id and asset = r.asset;
  if v_capture > 0 then
    w.version := w.version + 1;
    insert into ledger.transfer (bucket, transfer_id, asset, code, debit_kind, credit_kind, amount, wallet_id,
      wallet_version, pending_after, available_after, held_after, credit_owner, credit_version, cause_id, partner_id,
      fingerprint, effective_at)
    values (p_bucket, p_request, r.asset, 'capture', 'held', 'honoured', v_capture, r.wallet_id, w.version, w.pending,
      w.credited - w.debited - w.held - (r.amount - v_capture), w.held + r.amount - v_capture, r.merchant_id,
      ledger.count(p_bucket, r.merchant_id, 'honoured', r.asset, 0, v_capture), p_redemption, r.merchant_id,
      p_fingerprint, v_at);
  end if;
  if v_capture < r.amount then
    w.version := w.version + 1;
    insert into ledger.transfer (bucket, transfer_id, asset, code, debit_kind, credit_kind, amount, wallet_id,
      wallet_version, pending_after, available_after, held_after, cause_id, partner_id, fingerprint, effective_at)
    values (p_bucket, v_release, r.asset, 'release', 'held', 'available', r.amount - v_capture, r.wallet_id, w.version,
      w.pending, w.credited - w.debited - w.held, w.held, p_redemption, r.merchant_id,
      case when v_capture = 0 then p_fingerprint end, v_at);
    perform ledger.fill_deficits(p_bucket, r.wallet_id, r.asset);
  end if;
  update ledger.redemption
     set state = v_state, captured = v_capture, resolved_at = v_at, resolved_by = p_request
   where bucket = p_bucket and redemption_id = p_redemption;
  perform ledger.tell(p_bucket, p_request, 'redemption.' || v_state, r.wallet_id, p_redemption, v_at,
            case when v_extended > 0 then jsonb_build_object('extended', v_extended) end);
  return jsonb_build_object('code', 'posted', 'replayed', false, 'redemption_id', p_redemption);
end $$;

-- Gives back a captured redemption, all or a part: the lots that paid get their value back, the longest-living first,
-- with their own expiry; a lot that has expired meanwhile gets its grace. New value fills open deficits first.
create or replace function ledger.refund(
  p_bucket smallint, p_redemption uuid, p_request uuid, p_fingerprint uuid, p_merchant uuid, p_amount bigint,
  p_zone text, p_at timestamptz default null)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_at timestamptz := coalesce(p_at, clock_timestamp());
  r ledger.redemption;
  w ledger.wallet;
  t ledger.transfer;
  d record;
  v_answer jsonb;
  v_amount bigint;
  v_left bigint;
  v_take bigint;
  v_extended bigint := 0;
begin
  select * into r from ledger.redemption where bucket = p_bucket and redemption_id = p_redemption;
  if not found or r.merchant_id <> p_merchant then return '{"code": "not_found"}'; end if;
  select * into w from ledger.wallet where bucket = p_bucket and wallet_id = r.wallet_id and asset = r.asset
     for no key update;
  select * into t from ledger.transfer where bucket = p_bucket and transfer_id = p_request;
  if found then
    return ledger.posted_before(t.fingerprint is not distinct from p_fingerprint, t.posted_at,
             jsonb_build_object('redemption_id', p_redemption));
  end if;
  v_answer := ledger.refused_before(p_bucket, p_request, p_fingerprint);
  if v_answer is not null then return v_answer; end if;

  select * into r from ledger.redemption where bucket = p_bucket and redemption_id = p_redemption;
  v_amount := coalesce(p_amount, r.captured - r.refunded);
  -- What a partner issued for it is taken back there first.
  if r.expires_at = 'infinity' and exists (
    select 1 from ledger.partner_order o
     where o.bucket = p_bucket and o.redemption_id = p_redemption and o.state <> 'reversed') then
    return ledger.refuse(p_bucket, p_request, r.wallet_id, 'redemption_refund', p_fingerprint,
             jsonb_build_object('code', 'redemption_at_partner'));
  end if;
  if r.state <> 'captured' or v_amount > r.captured - r.refunded or v_amount = 0 then
    return ledger.refuse(p_bucket, p_request, r.wallet_id, 'redemption_refund', p_fingerprint,
             jsonb_build_object('code', 'refund_exceeds_capture', 'left_minor', r.captured - r.refunded));
  end if;

  v_left := v_amount;
  for d in
    select l.lot_id, l.expires_at,
           sum(case when m.code = 'capture' then g.amount else -g.amount end)::bigint as spent
      from ledger.draw g
      join ledger.transfer m on m.bucket = g.bucket and m.transfer_id = g.transfer_id
      join ledger.lot l on l.bucket = g.bucket and l.lot_id = g.lot_id
     where g.bucket = p_bucket and g.cause_id = p_redemption and m.code in ('capture', 'refund')
     group by l.lot_id, l.expires_at, l.available_at
     order by l.expires_at desc, l.available_at desc, l.lot_id desc
  loop
    exit when v_left = 0;
    v_take := least(d.spent, v_left);
    continue when v_take = 0;
    perform ledger.give_back(p_bucket, d.lot_id, v_take, p_redemption, p_request, v_at, p_zone);
    if d.expires_at <= v_at then v_extended := v_extended + v_take; end if;
    v_left := v_left - v_take;
  end loop;
  if v_left <> 0 then raise exception 'the lots of redemption % do not cover its refund', p_redemption; end if;

  update ledger.wallet set credited = w.credited + v_amount, version = w.version + 1
   where bucket = p_bucket and wallet_id = r.wallet_id and asset = r.asset;
  insert into ledger.transfer (bucket, transfer_id, asset, code, debit_kind, credit_kind, amount, wallet_id,
    wallet_version, pending_after, available_after, held_after, debit_owner, debit_version, cause_id, partner_id,
    fingerprint, effective_at)
  values (p_bucket, p_request, r.asset, 'refund', 'honoured', 'available', v_amount, r.wallet_id, w.version + 1,
    w.pending, w.credited + v_amount - w.debited - w.held, w.held, r.merchant_id,
    ledger.count(p_bucket, r.merchant_id, 'honoured', r.asset, v_amount, 0), p_redemption, r.merchant_id,
    p_fingerprint, v_at);
  update ledger.redemption set refunded = refunded + v_amount
   where bucket = p_bucket and redemption_id = p_redemption;
  perform ledger.fill_deficits(p_bucket, r.wallet_id, r.asset);
  perform ledger.tell(p_bucket, p_request, 'redemption.refunded', r.wallet_id, p_redemption, v_at,
            jsonb_build_object('amount', v_amount, 'extended', v_extended));
  return jsonb_build_object('code', 'posted', 'replayed', false, 'redemption_id', p_redemption,
           'extended', v_extended);
end $$;
