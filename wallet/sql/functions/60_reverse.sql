-- Takes back what a returned line earned: first what is still pending, then what is left of the same lot, then what of
-- it had expired (from whom it fell to; a lot that lapsed has nothing to take), then the wallet's other lots. What
-- nothing covers becomes a deficit (where the contract lets the member owe, and not below the wallet's floor) or a
-- loss. The amounts per line were worked out by the rule from the decision that paid; p_version says which state of
-- the purchase it saw, and a purchase that moved on answers `stale`.
create or replace function ledger.reverse_purchase(
  p_bucket smallint, p_purchase uuid, p_return uuid, p_fingerprint uuid, p_merchant uuid, p_version bigint,
  p_lines ledger.return_line_in[], p_reason text, p_deficit_max bigint, p_loss_bearer text, p_operator uuid,
  p_at timestamptz default null)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_at timestamptz := coalesce(p_at, clock_timestamp());
  b ledger.purchase;
  r ledger.purchase_return;
  w ledger.wallet;
  l ledger.lot;
  v_answer jsonb;
  v_all bigint;
  v_pending bigint := 0;
  v_own bigint := 0;
  v_lapsed bigint := 0;
  v_expired bigint := 0;
  v_other bigint := 0;
  v_deficit bigint := 0;
  v_loss bigint := 0;
  v_free bigint;
  v_move uuid := ledger.derived(p_return, 'return');
begin
  select * into b from ledger.purchase
   where bucket = p_bucket and purchase_id = p_purchase and merchant_id = p_merchant;
  if not found then return '{"code": "not_found"}'; end if;
  select * into w from ledger.wallet where bucket = p_bucket and wallet_id = b.wallet_id and asset = b.asset
     for no key update;
  select * into r from ledger.purchase_return where bucket = p_bucket and return_id = p_return;
  if found then
    return ledger.posted_before(r.fingerprint = p_fingerprint, r.returned_at,
             jsonb_build_object('return_id', p_return));
  end if;
  v_answer := ledger.refused_before(p_bucket, p_return, p_fingerprint);
  if v_answer is not null then return v_answer; end if;
  select * into b from ledger.purchase where bucket = p_bucket and purchase_id = p_purchase;
  if b.version <> p_version then return '{"code": "stale"}'; end if;

  select coalesce(sum(reversed_minor), 0) into v_all from unnest(p_lines);
  if v_all > 0 then
    select * into l from ledger.lot where bucket = p_bucket and lot_id = b.lot_id;
    v_pending := least(v_all, l.pending);
    -- A lot that is not pending and never became available has lapsed: the member never had this.
    v_lapsed := case when l.available_at is null then v_all - v_pending else 0 end;
    v_own := least(v_all - v_pending - v_lapsed, l.remaining);
    v_expired := least(v_all - v_pending - v_lapsed - v_own, l.expired);
    v_free := w.credited - w.debited - w.held;
    v_other := greatest(0, least(v_all - v_pending - v_lapsed - v_own - v_expired, v_free - v_own));
    v_loss := v_all - v_pending - v_lapsed - v_own - v_expired - v_other;
    -- What the member owes already, by whatever return, counts towards the most that they may owe.
    v_deficit := greatest(0, least(v_loss, p_deficit_max + least(v_free, 0), least(v_free, 0) - w.floor));
    v_loss := v_loss - v_deficit;
  end if;

  if v_pending > 0 then
    w.pending := w.pending - v_pending;
    w.version := w.version + 1;
    update ledger.lot
       set pending = pending - v_pending, due_at = case when pending > v_pending then due_at end
     where bucket = p_bucket and lot_id = l.lot_id;
    insert into ledger.transfer (bucket, transfer_id, asset, code, debit_kind, credit_kind, amount, wallet_id,
      wallet_version, pending_after, available_after, held_after, credit_owner, credit_version, lot_id, cause_id,
      partner_id, effective_at)
    values (p_bucket, ledger.derived(p_return, 'return_pending'), b.asset, 'return_pending', 'pending', 'contingent',
      v_pending, b.wallet_id, w.version, w.pending, w.credited - w.debited - w.held, w.held, l.funder_id,
      ledger.count(p_bucket, l.funder_id, 'contingent', b.asset, 0, v_pending), l.lot_id, p_return, p_merchant, v_at);
  end if;

  if v_own + v_other + v_deficit > 0 then
    w.debited := w.debited + v_own + v_other + v_deficit;
    w.version := w.version + 1;
    if v_own > 0 then perform ledger.take(p_bucket, l.lot_id, v_own, p_return, v_move); end if;
    if ledger.draw_lots(p_bucket, b.wallet_id, b.asset, v_other, p_return, v_move) <> v_other then
      raise exception 'lots do not cover the wallet %', b.wallet_id;
    end if;
    insert into ledger.transfer (bucket, transfer_id, asset, code, debit_kind, credit_kind, amount, wallet_id,
      wallet_version, pending_after, available_after, held_after, credit_owner, credit_version, cause_id, partner_id,
      effective_at)
    values (p_bucket, v_move, b.asset, 'return', 'available', 'issued', v_own + v_other + v_deficit, b.wallet_id,
      w.version, w.pending, w.credited - w.debited - w.held, w.held, l.funder_id,
      ledger.count(p_bucket, l.funder_id, 'issued', b.asset, 0, v_own + v_other + v_deficit), p_return, p_merchant,
      v_at);
    if v_deficit > 0 then
      insert into ledger.deficit (bucket, transfer_id, wallet_id, asset, cause_id, amount, remaining, opened_at)
      values (p_bucket, v_move, b.wallet_id, b.asset, p_return, v_deficit, v_deficit, v_at);
    end if;
  end if;

  -- Positions are written in one order here: a merchant's first, then the one it is settled with.
  if v_expired > 0 then
    update ledger.lot set expired = expired - v_expired where bucket = p_bucket and lot_id = l.lot_id;
    insert into ledger.transfer (bucket, transfer_id, asset, code, debit_kind, credit_kind, amount, credit_owner,
      credit_version, debit_owner, debit_version, lot_id, cause_id, partner_id, effective_at)
    values (p_bucket, ledger.derived(p_return, 'unexpire'), b.asset, ledger.breakage_code('unexpire', l.breakage),
      ledger.breakage_kind(l.breakage), 'issued', v_expired, l.funder_id,
      ledger.count(p_bucket, l.funder_id, 'issued', b.asset, 0, v_expired), l.breakage_owner,
      ledger.count(p_bucket, l.breakage_owner, ledger.breakage_kind(l.breakage), b.asset, v_expired, 0), l.lot_id,
      p_return, p_merchant, v_at);
  end if;

  -- A loss that the merchant bears moves nothing: the member keeps it, and the merchant stays the one who pays.
  if v_loss > 0 and p_loss_bearer = 'operator' then
    insert into ledger.transfer (bucket, transfer_id, asset, code, debit_kind, credit_kind, amount, credit_owner,
      credit_version, debit_owner, debit_version, cause_id, partner_id, effective_at)
    values (p_bucket, ledger.derived(p_return, 'loss'), b.asset, 'loss', 'loss', 'issued', v_loss,
      l.funder_id, ledger.count(p_bucket, l.funder_id, 'issued', b.asset, 0, v_loss),
      p_operator, ledger.count(p_bucket, p_operator, 'loss', b.asset, v_loss, 0), p_return, p_merchant, v_at);
  end if;

  update ledger.wallet set pending = w.pending, debited = w.debited, version = w.version
   where bucket = p_bucket and wallet_id = b.wallet_id and asset = b.asset;
  update ledger.purchase set reversed_minor = reversed_minor + v_all, version = version + 1
   where bucket = p_bucket and purchase_id = p_purchase;
  insert into ledger.purchase_return (bucket, return_id, purchase_id, wallet_id, reason, fingerprint, reversed_minor,
    from_pending_minor, from_lot_minor, from_expired_minor, lapsed_minor, from_other_minor, deficit_minor, loss_minor,
    loss_bearer, returned_at)
  values (p_bucket, p_return, p_purchase, b.wallet_id, p_reason, p_fingerprint, v_all, v_pending, v_own,
    v_expired, v_lapsed, v_other, v_deficit, v_loss, case when v_loss > 0 then p_loss_bearer end, v_at);
  insert into ledger.purchase_return_line (bucket, purchase_id, line_no, return_id, quantity_milli, amount_minor,
    reversed_minor)
  select p_bucket, p_purchase, i.line_no, p_return, i.quantity_milli, i.amount_minor, i.reversed_minor
    from unnest(p_lines) i;
  perform ledger.tell(p_bucket, p_return, 'purchase.returned', b.wallet_id, p_return, v_at, null);
  return jsonb_build_object('code', 'posted', 'replayed', false, 'return_id', p_return);
end $$;
