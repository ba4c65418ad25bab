-- A benefit that is no money is used once, by whoever its campaign says gives it: a coupon by the purchase that shows
-- it, anything else here. What campaigns may ask of the member changes with it.
create or replace function ledger.use_benefit(
  p_bucket smallint, p_benefit uuid, p_request uuid, p_fingerprint uuid, p_house_asset smallint,
  p_at timestamptz default null)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_at timestamptz := coalesce(p_at, clock_timestamp());
  b ledger.benefit;
  house ledger.wallet;
  v_answer jsonb;
begin
  select * into b from ledger.benefit where bucket = p_bucket and benefit_id = p_benefit;
  if not found then return '{"code": "not_found"}'; end if;
  select * into house from ledger.wallet
   where bucket = p_bucket and wallet_id = b.wallet_id and asset = p_house_asset for no key update;
  if not found then return '{"code": "currency_mismatch"}'; end if;
  -- Whoever was faster has changed it meanwhile.
  select * into b from ledger.benefit
   where bucket = p_bucket and wallet_id = b.wallet_id and (used_by = p_request or benefit_id = p_benefit)
   order by used_by = p_request desc nulls last limit 1;
  if b.used_by = p_request then
    return ledger.posted_before(b.benefit_id = p_benefit, b.used_at, jsonb_build_object('benefit_id', p_benefit));
  end if;
  v_answer := ledger.refused_before(p_bucket, p_request, p_fingerprint);
  if v_answer is not null then return v_answer; end if;

  v_answer := case
    when house.state <> 'open' then jsonb_build_object('code', 'member_suspended')
    when b.kind = 'badge_once' and b.expires_at <= v_at then jsonb_build_object('code', 'badge_expired')
    when b.kind not in ('benefit', 'badge_once') or b.used_at is not null or b.expires_at <= v_at
      then jsonb_build_object('code', 'coupon_invalid')
  end;
  if v_answer is not null then
    return ledger.refuse(p_bucket, p_request, b.wallet_id, 'benefit_use', p_fingerprint, v_answer);
  end if;
  update ledger.benefit set used_at = v_at, used_by = p_request where bucket = p_bucket and benefit_id = p_benefit;
  update ledger.wallet set facts = facts + 1
   where bucket = p_bucket and wallet_id = b.wallet_id and asset = p_house_asset;
  perform ledger.tell(p_bucket, p_request, 'benefit.used', b.wallet_id, p_benefit, v_at, null);
  return jsonb_build_object('code', 'posted', 'replayed', false, 'benefit_id', p_benefit);
end $$;
