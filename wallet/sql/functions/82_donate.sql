-- Giving: available value goes to a charity at once, drawn from lots like a spend, or out of one lot that is named.

-- Writes one gift: draws, moves, and the record under the movement's own id. The caller holds the wallet's lock and has
-- seen to it that the value is there. The version of the wallet after it.
create or replace function ledger.post_donation(
  p_bucket smallint, p_donation uuid, p_wallet uuid, p_asset smallint, p_charity uuid, p_amount bigint, p_kind text,
  p_lot uuid, p_pledge uuid, p_cause uuid, p_fingerprint uuid, p_at timestamptz)
returns bigint language plpgsql as $$
declare
  w ledger.wallet;
begin
  if p_lot is not null then
    perform ledger.take(p_bucket, p_lot, p_amount, p_donation, p_donation);
  elsif ledger.draw_lots(p_bucket, p_wallet, p_asset, p_amount, p_donation, p_donation) <> p_amount then
    raise exception 'lots do not cover the wallet %', p_wallet;
  end if;
  update ledger.wallet set debited = debited + p_amount, version = version + 1
   where bucket = p_bucket and wallet_id = p_wallet and asset = p_asset returning * into w;
  insert into ledger.transfer (bucket, transfer_id, asset, code, debit_kind, credit_kind, amount, wallet_id,
    wallet_version, pending_after, available_after, held_after, credit_owner, credit_version, cause_id, partner_id,
    fingerprint, effective_at)
  values (p_bucket, p_donation, p_asset, 'donate', 'available', 'due', p_amount, p_wallet, w.version, w.pending,
    w.credited - w.debited - w.held, w.held, p_charity,
    ledger.count(p_bucket, p_charity, 'due', p_asset, 0, p_amount), p_donation, p_charity, p_fingerprint, p_at);
  insert into ledger.donation (bucket, donation_id, wallet_id, asset, charity_id, amount, kind, pledge_id, cause_id,
    donated_at)
  values (p_bucket, p_donation, p_wallet, p_asset, p_charity, p_amount, p_kind, p_pledge, p_cause, p_at);
  perform ledger.tell(p_bucket, p_donation, 'donation.posted', p_wallet, p_donation, p_at,
            jsonb_build_object('amount', p_amount, 'charity_id', p_charity, 'kind', p_kind));
  return w.version;
end $$;

-- A gift that a member asks for. Without an amount it is all that is left of the lot that is named. p_refused is what
-- the directory says against the charity: it is recorded here, so that the same id gets the same answer for ever.
create or replace function ledger.donate(
  p_bucket smallint, p_donation uuid, p_fingerprint uuid, p_wallet uuid, p_asset smallint, p_charity uuid,
  p_amount bigint, p_at timestamptz default null, p_lot uuid default null, p_refused text default null)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_at timestamptz := coalesce(p_at, clock_timestamp());
  w ledger.wallet;
  t ledger.transfer;
  v_answer jsonb;
  v_free bigint;
begin
  select * into w from ledger.wallet where bucket = p_bucket and wallet_id = p_wallet and asset = p_asset
     for no key update;
  if not found then return '{"code": "currency_mismatch"}'; end if;
  select * into t from ledger.transfer where bucket = p_bucket and transfer_id = p_donation;
  if found then
    return ledger.posted_before(t.fingerprint is not distinct from p_fingerprint, t.posted_at, '{}');
  end if;
  v_answer := ledger.refused_before(p_bucket, p_donation, p_fingerprint);
  if v_answer is not null then return v_answer; end if;
  v_free := w.credited - w.debited - w.held;
  if p_lot is not null then
    select least(remaining, v_free) into v_free from ledger.lot
     where bucket = p_bucket and lot_id = p_lot and wallet_id = p_wallet and asset = p_asset;
    if not found then return '{"code": "not_found"}'; end if;
  end if;
  v_answer := case
    when w.state <> 'open' then jsonb_build_object('code', 'member_suspended')
    when p_refused is not null then jsonb_build_object('code', p_refused)
    when v_free < coalesce(p_amount, 1)
      then jsonb_build_object('code', 'insufficient_funds', 'available_minor', greatest(v_free, 0))
    else ledger.spend_refusal(p_bucket, p_donation, p_wallet, p_asset, null, coalesce(p_amount, v_free), v_at)
  end;
  if v_answer is not null then
    return ledger.refuse(p_bucket, p_donation, p_wallet, 'donate', p_fingerprint, v_answer);
  end if;
  perform ledger.post_donation(p_bucket, p_donation, p_wallet, p_asset, p_charity, coalesce(p_amount, v_free),
            case when p_lot is null then 'once' else 'expiring' end, p_lot, null, p_lot, p_fingerprint, v_at);
  return jsonb_build_object('code', 'posted', 'replayed', false);
end $$;
