-- Records a business event of a purchase and, when it is the one the contract waits for, starts the clock of all its
-- lots and gifts. The due instant was worked out by the rule, and for each lot named how long it lives; here it is only
-- set, under the wallet's lock, while the lot is pending.
create or replace function ledger.record_event(
  p_bucket smallint, p_purchase uuid, p_request uuid, p_fingerprint uuid, p_merchant uuid, p_kind text,
  p_happened_at timestamptz, p_due_at timestamptz, p_due_as text, p_lots uuid[], p_expires timestamptz[])
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  b ledger.purchase;
  e ledger.purchase_event;
  v_refused jsonb;
begin
  select * into b from ledger.purchase
   where bucket = p_bucket and purchase_id = p_purchase and merchant_id = p_merchant;
  if not found then return '{"code": "not_found"}'; end if;
  perform 1 from ledger.wallet where bucket = p_bucket and wallet_id = b.wallet_id order by asset for no key update;
  select * into e from ledger.purchase_event where bucket = p_bucket and purchase_id = p_purchase and kind = p_kind;
  if found then
    if e.request_id = p_request then
      return ledger.posted_before(e.fingerprint = p_fingerprint, e.recorded_at, '{}');
    end if;
    if e.happened_at = p_happened_at then return '{"code": "posted", "replayed": true}'; end if;
    v_refused := ledger.refused_before(p_bucket, p_request, p_fingerprint);
    return coalesce(v_refused, ledger.refuse(p_bucket, p_request, b.wallet_id, 'purchase_event', p_fingerprint,
             jsonb_build_object('code', 'event_invalid', 'recorded_at', e.happened_at)));
  end if;
  v_refused := ledger.refused_before(p_bucket, p_request, p_fingerprint);
  if v_refused is not null then return v_refused; end if;
  -- The events that came with the report have no request of their own, so they are not in this index.
  select * into e from ledger.purchase_event
   where bucket = p_bucket and request_id = p_request and request_id <> purchase_id limit 1;
  if found then return ledger.posted_before(false, e.recorded_at, '{}'); end if;
  insert into ledger.purchase_event (bucket, purchase_id, kind, happened_at, request_id, fingerprint)
  values (p_bucket, p_purchase, p_kind, p_happened_at, p_request, p_fingerprint);
  if p_due_at is not null then
    update ledger.lot l set due_at = p_due_at, due_as = p_due_as, expires_at = coalesce(i.expires_at, l.expires_at)
      from unnest(b.lots || b.lot_id) o (lot_id)
      left join unnest(p_lots, p_expires) i (lot_id, expires_at) on i.lot_id = o.lot_id
     where l.bucket = p_bucket and l.lot_id = o.lot_id and l.pending > 0;
    update ledger.gift set due_at = p_due_at, due_as = p_due_as
     where bucket = p_bucket and cause_id = p_purchase and promised > 0;
  end if;
  perform ledger.tell(p_bucket, ledger.derived(p_purchase, 'event' || p_kind), 'purchase.event', b.wallet_id,
            p_purchase, p_happened_at,
            jsonb_build_object('kind', p_kind));
  return '{"code": "posted", "replayed": false}';
end $$;
