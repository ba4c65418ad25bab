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

  if ledger.draw_lots(p_bucket, c.wallet_id, c.asset, p_amount, p_redemption, p_redemption) <> p_amount then
    raise exception 'lots do not cover the wallet %', c.wallet_id;
  end if;
  update ledger.wallet set held = w.held + p_amount, version = w.version + 1
   where bucket = p_bucket and wallet_id = c.wallet_id and asset = c.asset;
  insert into ledger.transfer (bucket, transfer_id, asset, code, debit_kind, credit_kind, amount, wallet_id,
    wallet_version, pending_after, available_after, held_after, cause_id, partner_id, effective_at)
  values (p_bucket, p_redemption, c.asset, 'hold', 'available', 'held', p_amount, c.wallet_id, w.version + 1,
    w.pending, v_free - p_amount, w.held + p_amount, p_redemption, p_merchant, v_at);
  insert into ledger.redemption (bucket, redemption_id, wallet_id, asset, merchant_id, store_id, order_reference,
    amount, fingerprint, held_at, expires_at)
  values (p_bucket, p_redemption, c.wallet_id, c.asset, p_merchant, p_store, p_reference, p_amount, p_fingerprint,
    v_at, v_at + p_span);
  update ledger.redemption_code set redemption_id = p_redemption where bucket = p_bucket and code_hash = p_code;
  perform ledger.tell(p_bucket, p_redemption, 'redemption.held', c.wallet_id, p_redemption, v_at, null);
  return jsonb_build_object('code', 'posted', 'replayed', false, 'redemption_id', p_redemption);
end $$;
