-- One-time codes, and the hold: the one choke point where a member's value may start to leave. The code says whose
-- wallet and for which merchant; it is used up in the same write that holds the value.
create or replace function ledger.issue_code(
  p_bucket smallint, p_wallet uuid, p_asset smallint, p_merchant uuid, p_code bytea, p_span interval,
  p_at timestamptz default null)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_until timestamptz := coalesce(p_at, clock_timestamp()) + p_span;
  v_state text;
begin
  select state into v_state from ledger.wallet
   where bucket = p_bucket and wallet_id = p_wallet and asset = p_asset;
  if not found then return '{"code": "currency_mismatch"}'; end if;
  if v_state <> 'open' then return '{"code": "member_suspended"}'; end if;
  insert into ledger.redemption_code (bucket, code_hash, wallet_id, asset, merchant_id, expires_at)
  values (p_bucket, p_code, p_wallet, p_asset, p_merchant, v_until);
  return jsonb_build_object('code', 'posted', 'expires_at', v_until);
end $$;

-- Sets value aside for a merchant: draws the lots, moves, writes the redemption, tells. Whoever calls it has proved
-- whose value it is, holds the wallet's lock (`w` is what was locked) and has seen that there is enough.
create or replace function ledger.set_aside(
  p_bucket smallint, w ledger.wallet, p_redemption uuid, p_fingerprint uuid, p_merchant uuid, p_store uuid,
  p_amount bigint, p_until timestamptz, p_reference text, p_at timestamptz)
returns void language plpgsql as $$
begin
  if ledger.draw_lots(p_bucket, w.wallet_id, w.asset, p_amount, p_redemption, p_redemption) <> p_amount then
    raise exception 'lots do not cover the wallet %', w.wallet_id;
  end if;
  update ledger.wallet set held = w.held + p_amount, version = w.version + 1
   where bucket = p_bucket and wallet_id = w.wallet_id and asset = w.asset;
  insert into ledger.transfer (bucket, transfer_id, asset, code, debit_kind, credit_kind, amount, wallet_id,
    wallet_version, pending_after, available_after, held_after, cause_id, partner_id, effective_at)
  values (p_bucket, p_redemption, w.asset, 'hold', 'available', 'held', p_amount, w.wallet_id, w.version + 1,
    w.pending, w.credited - w.debited - w.held - p_amount, w.held + p_amount, p_redemption, p_merchant, p_at);
  insert into ledger.redemption (bucket, redemption_id, wallet_id, asset, merchant_id, store_id, order_reference,
    amount, fingerprint, held_at, expires_at)
  values (p_bucket, p_redemption, w.wallet_id, w.asset, p_merchant, p_store, p_reference, p_amount, p_fingerprint,
    p_at, p_until);
  perform ledger.tell(p_bucket, p_redemption, 'redemption.held', w.wallet_id, p_redemption, p_at, null);
end $$;

create or replace function ledger.hold(
  p_bucket smallint, p_redemption uuid, p_fingerprint uuid, p_code bytea, p_merchant uuid, p_store uuid,
  p_asset smallint, p_amount bigint, p_span interval, p_reference text, p_at timestamptz default null)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_at timestamptz := coalesce(p_at, clock_timestamp());
  c ledger.redemption_code;
  r ledger.redemption;
  w ledger.wallet;
  v_answer jsonb;
  v_free bigint;
begin
  select * into c from ledger.redemption_code where bucket = p_bucket and code_hash = p_code;
  if not found or c.merchant_id <> p_merchant then return '{"code": "redemption_code_invalid"}'; end if;
  select * into w from ledger.wallet where bucket = p_bucket and wallet_id = c.wallet_id and asset = c.asset
     for no key update;
  select * into r from ledger.redemption where bucket = p_bucket and redemption_id = p_redemption;
  if found then
    return ledger.posted_before(r.fingerprint = p_fingerprint, r.held_at,
             jsonb_build_object('redemption_id', p_redemption));
  end if;
  v_answer := ledger.refused_before(p_bucket, p_redemption, p_fingerprint);
  if v_answer is not null then return v_answer; end if;

  select * into c from ledger.redemption_code where bucket = p_bucket and code_hash = p_code;
  v_free := w.credited - w.debited - w.held;
  v_answer := case
    when w.state <> 'open' then jsonb_build_object('code', 'member_suspended')
    when c.redemption_id is not null then jsonb_build_object('code', 'redemption_code_used')
    when c.expires_at <= v_at then jsonb_build_object('code', 'redemption_code_expired')
    when c.asset <> p_asset then jsonb_build_object('code', 'currency_mismatch')
    when v_free < p_amount then jsonb_build_object('code', 'insufficient_funds', 'available_minor', greatest(v_free, 0))
    else ledger.spend_refusal(p_bucket, p_redemption, c.wallet_id, c.asset, p_merchant, p_amount, v_at)
  end;
  if v_answer is not null then
    return ledger.refuse(p_bucket, p_redemption, c.wallet_id, 'redemption_authorize', p_fingerprint, v_answer);
  end if;

  perform ledger.set_aside(p_bucket, w, p_redemption, p_fingerprint, p_merchant, p_store, p_amount,
            v_at + p_span, p_reference, v_at);
  update ledger.redemption_code set redemption_id = p_redemption where bucket = p_bucket and code_hash = p_code;
  return jsonb_build_object('code', 'posted', 'replayed', false, 'redemption_id', p_redemption);
end $$;
