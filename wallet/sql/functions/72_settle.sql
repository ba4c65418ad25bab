-- Moves what is held of a redemption: the part that expires soonest is captured, the part that lives longest goes back
-- to its lots, and what is neither stays held. Whoever calls it holds the wallet's lock and has seen that as much is
-- held. With nothing left the redemption is resolved; `p_end` is how, if nothing of it was ever captured.
create or replace function ledger.resolve(
  p_bucket smallint, p_redemption uuid, p_request uuid, p_fingerprint uuid, p_capture bigint, p_release bigint,
  p_end text, p_zone text, p_at timestamptz)
returns void language plpgsql as $$
declare
  r ledger.redemption;
  w ledger.wallet;
  d record;
  v_keep bigint;
  v_capture bigint := p_capture;
  v_stay bigint;
  v_take bigint;
  v_back bigint;
  v_extended bigint := 0;
  v_release uuid := case when p_capture > 0 then ledger.derived(p_request, 'release') else p_request end;
begin
  select * into r from ledger.redemption where bucket = p_bucket and redemption_id = p_redemption;
  select * into w from ledger.wallet where bucket = p_bucket and wallet_id = r.wallet_id and asset = r.asset;
  v_keep := r.amount - r.captured - r.released - p_capture - p_release;
  if v_keep < 0 then raise exception 'redemption % does not hold that much', p_redemption; end if;
  v_stay := v_keep;
  for d in
    select l.lot_id, l.expires_at, sum(case when m.code = 'hold' then g.amount else -g.amount end)::bigint as held
      from ledger.draw g
      join ledger.transfer m on m.bucket = g.bucket and m.transfer_id = g.transfer_id
      join ledger.lot l on l.bucket = g.bucket and l.lot_id = g.lot_id
     where g.bucket = p_bucket and g.cause_id = p_redemption and m.code in ('hold', 'capture', 'release')
     group by l.lot_id, l.expires_at, l.available_at
     order by l.expires_at, l.available_at, l.lot_id
  loop
    v_take := least(d.held, v_capture);
    v_capture := v_capture - v_take;
    v_back := greatest(d.held - v_take - v_stay, 0);
    v_stay := v_stay - (d.held - v_take - v_back);
    if v_take > 0 then
      insert into ledger.draw (bucket, cause_id, lot_id, transfer_id, amount)
      values (p_bucket, p_redemption, d.lot_id, p_request, v_take);
    end if;
    if v_back > 0 then
      perform ledger.give_back(p_bucket, d.lot_id, v_back, p_redemption, v_release, p_at, p_zone);
      if d.expires_at <= p_at then v_extended := v_extended + v_back; end if;
    end if;
  end loop;

  w.held := w.held - p_capture - p_release;
  w.debited := w.debited + p_capture;
  update ledger.wallet set held = w.held, debited = w.debited,
         version = w.version + (p_capture > 0)::int + (p_release > 0)::int
   where bucket = p_bucket and wallet_id = r.wallet_id and asset = r.asset;
  if p_capture > 0 then
    w.version := w.version + 1;
    insert into ledger.transfer (bucket, transfer_id, asset, code, debit_kind, credit_kind, amount, wallet_id,
      wallet_version, pending_after, available_after, held_after, credit_owner, credit_version, cause_id, partner_id,
      fingerprint, effective_at)
    values (p_bucket, p_request, r.asset, 'capture', 'held', 'honoured', p_capture, r.wallet_id, w.version, w.pending,
      w.credited - w.debited - w.held - p_release, w.held + p_release, r.merchant_id,
      ledger.count(p_bucket, r.merchant_id, 'honoured', r.asset, 0, p_capture), p_redemption, r.merchant_id,
      p_fingerprint, p_at);
  end if;
  if p_release > 0 then
    w.version := w.version + 1;
    insert into ledger.transfer (bucket, transfer_id, asset, code, debit_kind, credit_kind, amount, wallet_id,
      wallet_version, pending_after, available_after, held_after, cause_id, partner_id, fingerprint, effective_at)
    values (p_bucket, v_release, r.asset, 'release', 'held', 'available', p_release, r.wallet_id, w.version,
      w.pending, w.credited - w.debited - w.held, w.held, p_redemption, r.merchant_id,
      case when p_capture = 0 then p_fingerprint end, p_at);
    perform ledger.fill_deficits(p_bucket, r.wallet_id, r.asset);
  end if;
  update ledger.redemption
     set captured = r.captured + p_capture, released = r.released + p_release,
         state = case when v_keep > 0 then 'held' when r.captured + p_capture > 0 then 'captured' else p_end end,
         resolved_at = case when v_keep = 0 then p_at end, resolved_by = case when v_keep = 0 then p_request end
   where bucket = p_bucket and redemption_id = p_redemption;
  perform ledger.tell(p_bucket, p_request, 'redemption.' || case when p_capture > 0 then 'captured' else p_end end,
            r.wallet_id, p_redemption, p_at,
            case when v_extended > 0 then jsonb_build_object('extended', v_extended) end);
end $$;

-- Resolves a hold exactly once: captures all that is held or a part (the soonest-expiring part; the rest goes back to
-- its lots), releases it, or lets it expire. An expired hold can not be captured, even before the worker has swept it.
-- p_merchant null is the worker's sweep; p_capture 0 releases.
create or replace function ledger.settle(
  p_bucket smallint, p_redemption uuid, p_request uuid, p_fingerprint uuid, p_merchant uuid, p_capture bigint,
  p_zone text, p_at timestamptz default null)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_at timestamptz := coalesce(p_at, clock_timestamp());
  r ledger.redemption;
  t ledger.transfer;
  v_answer jsonb;
  v_held bigint;
  v_capture bigint;
begin
  select * into r from ledger.redemption where bucket = p_bucket and redemption_id = p_redemption;
  if not found or r.merchant_id <> p_merchant then return '{"code": "not_found"}'; end if;
  perform from ledger.wallet where bucket = p_bucket and wallet_id = r.wallet_id and asset = r.asset
      for no key update;
  select * into t from ledger.transfer where bucket = p_bucket and transfer_id = p_request;
  if found then
    return ledger.posted_before(t.fingerprint is not distinct from p_fingerprint, t.posted_at,
             jsonb_build_object('redemption_id', p_redemption));
  end if;
  v_answer := ledger.refused_before(p_bucket, p_request, p_fingerprint);
  if v_answer is not null then return v_answer; end if;

  select * into r from ledger.redemption where bucket = p_bucket and redemption_id = p_redemption;
  v_held := r.amount - r.captured - r.released;
  v_capture := coalesce(p_capture, v_held);
  v_answer := case
    when r.state = 'expired' or (r.state = 'held' and v_at >= r.expires_at and p_merchant is not null)
      then jsonb_build_object('code', 'redemption_expired', 'expires_at', r.expires_at)
    when r.state <> 'held' then jsonb_build_object('code', 'redemption_closed', 'state', r.state)
    when v_capture > v_held then jsonb_build_object('code', 'capture_exceeds_hold', 'held_minor', v_held)
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
  perform ledger.resolve(p_bucket, p_redemption, p_request, p_fingerprint, v_capture, v_held - v_capture,
            case when p_merchant is null then 'expired' else 'released' end, p_zone, v_at);
  return jsonb_build_object('code', 'posted', 'replayed', false, 'redemption_id', p_redemption);
end $$;

-- Gives back what was captured of a redemption, all or a part: the lots that paid get their value back, the
-- longest-living first, with their own expiry; a lot that has expired meanwhile gets its grace. New value fills open
-- deficits first. Whoever calls it holds the wallet's lock and has seen that as much was captured. Answers what of it
-- had expired.
create or replace function ledger.repay(
  p_bucket smallint, p_redemption uuid, p_request uuid, p_fingerprint uuid, p_amount bigint, p_zone text,
  p_at timestamptz)
returns bigint language plpgsql as $$
declare
  r ledger.redemption;
  w ledger.wallet;
  d record;
  v_left bigint;
  v_take bigint;
  v_extended bigint := 0;
begin
  select * into r from ledger.redemption where bucket = p_bucket and redemption_id = p_redemption;
  select * into w from ledger.wallet where bucket = p_bucket and wallet_id = r.wallet_id and asset = r.asset;
  v_left := p_amount;
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
    perform ledger.give_back(p_bucket, d.lot_id, v_take, p_redemption, p_request, p_at, p_zone);
    if d.expires_at <= p_at then v_extended := v_extended + v_take; end if;
    v_left := v_left - v_take;
  end loop;
  if v_left <> 0 then raise exception 'the lots of redemption % do not cover its refund', p_redemption; end if;

  update ledger.wallet set credited = w.credited + p_amount, version = w.version + 1
   where bucket = p_bucket and wallet_id = r.wallet_id and asset = r.asset;
  insert into ledger.transfer (bucket, transfer_id, asset, code, debit_kind, credit_kind, amount, wallet_id,
    wallet_version, pending_after, available_after, held_after, debit_owner, debit_version, cause_id, partner_id,
    fingerprint, effective_at)
  values (p_bucket, p_request, r.asset, 'refund', 'honoured', 'available', p_amount, r.wallet_id, w.version + 1,
    w.pending, w.credited + p_amount - w.debited - w.held, w.held, r.merchant_id,
    ledger.count(p_bucket, r.merchant_id, 'honoured', r.asset, p_amount, 0), p_redemption, r.merchant_id,
    p_fingerprint, p_at);
  update ledger.redemption set refunded = refunded + p_amount
   where bucket = p_bucket and redemption_id = p_redemption;
  perform ledger.fill_deficits(p_bucket, r.wallet_id, r.asset);
  perform ledger.tell(p_bucket, p_request, 'redemption.refunded', r.wallet_id, p_redemption, p_at,
            jsonb_build_object('amount', p_amount, 'extended', v_extended));
  return v_extended;
end $$;

-- Gives back a captured redemption, all that is left of it or a part.
create or replace function ledger.refund(
  p_bucket smallint, p_redemption uuid, p_request uuid, p_fingerprint uuid, p_merchant uuid, p_amount bigint,
  p_zone text, p_at timestamptz default null)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_at timestamptz := coalesce(p_at, clock_timestamp());
  r ledger.redemption;
  t ledger.transfer;
  v_answer jsonb;
  v_amount bigint;
  v_extended bigint;
begin
  select * into r from ledger.redemption where bucket = p_bucket and redemption_id = p_redemption;
  if not found or r.merchant_id <> p_merchant then return '{"code": "not_found"}'; end if;
  perform from ledger.wallet where bucket = p_bucket and wallet_id = r.wallet_id and asset = r.asset
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
  if v_amount > r.captured - r.refunded or v_amount = 0 then
    return ledger.refuse(p_bucket, p_request, r.wallet_id, 'redemption_refund', p_fingerprint,
             jsonb_build_object('code', 'refund_exceeds_capture', 'left_minor', r.captured - r.refunded));
  end if;

  v_extended := ledger.repay(p_bucket, p_redemption, p_request, p_fingerprint, v_amount, p_zone, v_at);
  return jsonb_build_object('code', 'posted', 'replayed', false, 'redemption_id', p_redemption,
           'extended', v_extended);
end $$;
