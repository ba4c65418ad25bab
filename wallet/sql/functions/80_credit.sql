-- Goodwill: the operator's own value, given with a reason, within what one member may get in a window. It opens a lot
-- like any other, and open deficits take from it first.
create or replace function ledger.credit_goodwill(
  p_bucket smallint, p_credit uuid, p_fingerprint uuid, p_wallet uuid, p_asset smallint, p_amount bigint,
  p_operator uuid, p_staff uuid, p_rule uuid, p_reason text, p_member_max bigint, p_window interval,
  p_days int, p_grace_days int, p_zone text, p_at timestamptz default null)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_at timestamptz := coalesce(p_at, clock_timestamp());
  v_lot uuid := ledger.derived(p_credit, 'goodwill');
  w ledger.wallet;
  c ledger.credit;
  v_answer jsonb;
  v_given bigint;
begin
  select * into w from ledger.wallet where bucket = p_bucket and wallet_id = p_wallet and asset = p_asset
     for no key update;
  if not found then return '{"code": "currency_mismatch"}'; end if;
  select * into c from ledger.credit where bucket = p_bucket and credit_id = p_credit;
  if found then
    return ledger.posted_before(c.fingerprint = p_fingerprint, c.credited_at,
             jsonb_build_object('credit_id', p_credit));
  end if;
  v_answer := ledger.refused_before(p_bucket, p_credit, p_fingerprint);
  if v_answer is not null then return v_answer; end if;
  select coalesce(sum(amount), 0) into v_given from ledger.credit
   where bucket = p_bucket and wallet_id = p_wallet and asset = p_asset and credited_at > v_at - p_window;
  if v_given + p_amount > p_member_max then
    return ledger.refuse(p_bucket, p_credit, p_wallet, 'goodwill_credit', p_fingerprint,
             jsonb_build_object('code', 'goodwill_limit', 'allowed_minor', greatest(p_member_max - v_given, 0)));
  end if;

  update ledger.wallet set credited = w.credited + p_amount, version = w.version + 1
   where bucket = p_bucket and wallet_id = p_wallet and asset = p_asset;
  insert into ledger.lot (bucket, lot_id, wallet_id, asset, funder_id, rule_id, cause_id, amount, pending, remaining,
    open, earned_at, available_at, expires_at, grace_days, breakage, breakage_owner)
  values (p_bucket, v_lot, p_wallet, p_asset, p_operator, p_rule, p_credit, p_amount, 0, p_amount, true, v_at, v_at,
    ledger.end_of_day(v_at, p_days, p_zone), p_grace_days, 'operator', p_operator);
  insert into ledger.transfer (bucket, transfer_id, asset, code, debit_kind, credit_kind, amount, wallet_id,
    wallet_version, pending_after, available_after, held_after, debit_owner, debit_version, lot_id, cause_id,
    partner_id, fingerprint, effective_at)
  values (p_bucket, v_lot, p_asset, 'goodwill', 'goodwill', 'available', p_amount, p_wallet, w.version + 1, w.pending,
    w.credited + p_amount - w.debited - w.held, w.held, p_operator,
    ledger.count(p_bucket, p_operator, 'goodwill', p_asset, p_amount, 0), v_lot, p_credit, p_operator, p_fingerprint,
    v_at);
  insert into ledger.credit (bucket, credit_id, wallet_id, asset, amount, staff_id, reason, fingerprint, credited_at)
  values (p_bucket, p_credit, p_wallet, p_asset, p_amount, p_staff, p_reason, p_fingerprint, v_at);
  perform ledger.fill_deficits(p_bucket, p_wallet, p_asset);
  perform ledger.tell(p_bucket, p_credit, 'credit.posted', p_wallet, p_credit, v_at, null);
  return jsonb_build_object('code', 'posted', 'replayed', false, 'credit_id', p_credit);
end $$;
