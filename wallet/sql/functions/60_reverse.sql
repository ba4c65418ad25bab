-- Takes back what returned lines earned: from the contract's lot first, then from those of campaigns, as `take_back`
-- says. The amounts per line, grant and lot were worked out by the rules from the decisions that paid; p_version says
-- which state of the purchase they saw, and a purchase that moved on answers `stale`. p_detail goes to whoever is told.
create or replace function ledger.reverse_purchase(
  p_bucket smallint, p_purchase uuid, p_return uuid, p_fingerprint uuid, p_merchant uuid, p_version bigint,
  p_lines ledger.return_line_in[], p_grants ledger.return_grant_in[], p_lots ledger.return_lot_in[],
  p_releases ledger.release_in[], p_reason text, p_deficit_max bigint, p_loss_bearer text, p_operator uuid,
  p_at timestamptz default null, p_detail jsonb default null)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_at timestamptz := coalesce(p_at, clock_timestamp());
  b ledger.purchase;
  r ledger.purchase_return;
  v_answer jsonb;
begin
  select * into b from ledger.purchase
   where bucket = p_bucket and purchase_id = p_purchase and merchant_id = p_merchant;
  if not found then return '{"code": "not_found"}'; end if;
  perform ledger.lock_for_return(p_bucket, b.wallet_id, p_releases);
  select * into r from ledger.purchase_return where bucket = p_bucket and return_id = p_return;
  if found then
    return ledger.posted_before(r.fingerprint = p_fingerprint, r.returned_at,
             jsonb_build_object('return_id', p_return));
  end if;
  v_answer := ledger.refused_before(p_bucket, p_return, p_fingerprint);
  if v_answer is not null then return v_answer; end if;
  select * into b from ledger.purchase where bucket = p_bucket and purchase_id = p_purchase;
  if b.version <> p_version then return '{"code": "stale"}'; end if;

  perform ledger.take_back(p_bucket, b.wallet_id, p_purchase, p_return, b.lot_id, p_lots, p_merchant, p_deficit_max,
            p_loss_bearer, p_operator, v_at);
  perform ledger.take_back_grants(p_bucket, b.wallet_id, p_purchase, p_return, p_grants, p_releases);
  update ledger.wallet set facts = facts + 1
   where bucket = p_bucket and wallet_id = b.wallet_id and asset = b.asset;
  insert into ledger.purchase_return (bucket, return_id, purchase_id, wallet_id, reason, fingerprint, reversed_minor,
    from_pending_minor, from_lot_minor, from_expired_minor, from_given_minor, lapsed_minor, from_other_minor,
    deficit_minor, loss_minor, loss_bearer, returned_at)
  select p_bucket, p_return, p_purchase, b.wallet_id, p_reason, p_fingerprint, coalesce(sum(reversed_minor), 0),
         coalesce(sum(from_pending_minor), 0), coalesce(sum(from_lot_minor), 0), coalesce(sum(from_expired_minor), 0),
         coalesce(sum(from_given_minor), 0), coalesce(sum(lapsed_minor), 0), coalesce(sum(from_other_minor), 0),
         coalesce(sum(deficit_minor), 0), coalesce(sum(loss_minor), 0), max(loss_bearer), v_at
    from ledger.return_lot where bucket = p_bucket and return_id = p_return and asset = b.asset
  returning * into r;
  update ledger.purchase set reversed_minor = reversed_minor + r.reversed_minor, version = version + 1
   where bucket = p_bucket and purchase_id = p_purchase;
  insert into ledger.purchase_return_line (bucket, purchase_id, line_no, return_id, quantity_milli, amount_minor,
    reversed_minor)
  select p_bucket, p_purchase, i.line_no, p_return, i.quantity_milli, i.amount_minor, i.reversed_minor
    from unnest(p_lines) i;
  perform ledger.tell(p_bucket, p_return, 'purchase.returned', b.wallet_id, p_return, v_at, p_detail);
  return jsonb_build_object('code', 'posted', 'replayed', false, 'return_id', p_return);
end $$;
