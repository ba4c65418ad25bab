-- Opens a prepaid subscription. Its deliveries are purchases; which of them it may still have depends on the wallet's
-- facts, which count it.
create or replace function ledger.open_subscription(
  p_bucket smallint, p_subscription uuid, p_wallet uuid, p_merchant uuid, p_reference text, p_asset smallint,
  p_deliveries int, p_total bigint, p_rhythm text, p_amounts text, p_fingerprint uuid, p_house_asset smallint,
  p_detail jsonb, p_at timestamptz default null)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_at timestamptz := coalesce(p_at, clock_timestamp());
  house ledger.wallet;
  s ledger.subscription;
  v_answer jsonb := jsonb_build_object('subscription_id', p_subscription);
begin
  select * into house from ledger.wallet
   where bucket = p_bucket and wallet_id = p_wallet and asset = p_house_asset for no key update;
  if not found then return '{"code": "currency_mismatch"}'; end if;
  select * into s from ledger.subscription where bucket = p_bucket and subscription_id = p_subscription;
  if found then return ledger.posted_before(s.fingerprint = p_fingerprint, s.opened_at, v_answer); end if;
  if ledger.refused_before(p_bucket, p_subscription, p_fingerprint) is not null then
    return ledger.refused_before(p_bucket, p_subscription, p_fingerprint);
  end if;
  if house.state <> 'open' then
    return ledger.refuse(p_bucket, p_subscription, p_wallet, 'subscription', p_fingerprint,
             '{"code": "member_suspended"}');
  end if;
  insert into ledger.subscription (bucket, subscription_id, wallet_id, merchant_id, reference, asset, deliveries,
    total_minor, rhythm, amounts, fingerprint, opened_at)
  values (p_bucket, p_subscription, p_wallet, p_merchant, p_reference, p_asset, p_deliveries, p_total, p_rhythm,
    p_amounts, p_fingerprint, v_at)
  on conflict (bucket, merchant_id, reference) do nothing;
  if not found then return '{"code": "reference_used"}'; end if;
  update ledger.wallet set facts = facts + 1
   where bucket = p_bucket and wallet_id = p_wallet and asset = p_house_asset;
  perform ledger.tell(p_bucket, p_subscription, 'subscription.opened', p_wallet, p_subscription, v_at, p_detail);
  return v_answer || '{"code": "posted", "replayed": false}';
end $$;

-- Ends the rest of a subscription, once. What is left was worked out from the deliveries that were made; p_facts says
-- as of when, and a wallet that moved on answers `stale`.
create or replace function ledger.cancel_subscription(
  p_bucket smallint, p_subscription uuid, p_request uuid, p_fingerprint uuid, p_house_asset smallint, p_facts bigint,
  p_left bigint, p_reason text, p_detail jsonb, p_at timestamptz default null)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_at timestamptz := coalesce(p_at, clock_timestamp());
  house ledger.wallet;
  s ledger.subscription;
  v_answer jsonb := jsonb_build_object('subscription_id', p_subscription);
begin
  select * into s from ledger.subscription where bucket = p_bucket and subscription_id = p_subscription;
  if not found then return '{"code": "not_found"}'; end if;
  select * into house from ledger.wallet
   where bucket = p_bucket and wallet_id = s.wallet_id and asset = p_house_asset for no key update;
  if not found then return '{"code": "currency_mismatch"}'; end if;
  -- Whoever was faster has cancelled it meanwhile.
  select * into s from ledger.subscription where bucket = p_bucket and subscription_id = p_subscription;
  if s.cancel_id = p_request then
    return ledger.posted_before(s.cancel_fingerprint = p_fingerprint, s.cancelled_at, v_answer);
  end if;
  if ledger.refused_before(p_bucket, p_request, p_fingerprint) is not null then
    return ledger.refused_before(p_bucket, p_request, p_fingerprint);
  end if;
  if s.cancelled_at is not null then
    return ledger.refuse(p_bucket, p_request, s.wallet_id, 'subscription', p_fingerprint,
             '{"code": "subscription_closed"}');
  end if;
  if house.facts <> p_facts then return '{"code": "stale", "replayed": false}'; end if;
  update ledger.subscription
     set cancelled_at = v_at, cancel_id = p_request, cancel_fingerprint = p_fingerprint, cancel_reason = p_reason,
         left_minor = p_left
   where bucket = p_bucket and subscription_id = p_subscription;
  update ledger.wallet set facts = facts + 1
   where bucket = p_bucket and wallet_id = s.wallet_id and asset = p_house_asset;
  perform ledger.tell(p_bucket, p_request, 'subscription.cancelled', s.wallet_id, p_subscription, v_at, p_detail);
  return v_answer || '{"code": "posted", "replayed": false}';
end $$;
