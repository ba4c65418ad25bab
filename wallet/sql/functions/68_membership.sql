-- Writes one act of a membership and how the membership stands after it. The rule worked it out from the acts before
-- it, so an act whose number is taken meanwhile answers `stale`, and nothing of it is kept. A member has a plan once at
-- a time; who is suspended pays for none. What campaigns may ask of the member changes with it.
create or replace function ledger.act_membership(
  p_bucket smallint, p_act ledger.membership_act, p_seller uuid, p_asset smallint, p_house_asset smallint,
  p_closed text, p_detail jsonb, p_at timestamptz default null)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_at timestamptz := coalesce(p_at, clock_timestamp());
  a ledger.membership_act := p_act;
  house ledger.wallet;
  m ledger.membership;
  b ledger.membership_act;
  v_answer jsonb := jsonb_build_object('membership_id', a.membership_id, 'act_id', a.act_id);
begin
  select * into house from ledger.wallet
   where bucket = p_bucket and wallet_id = a.wallet_id and asset = p_house_asset for no key update;
  if not found then return '{"code": "currency_mismatch"}'; end if;
  select * into b from ledger.membership_act where bucket = p_bucket and act_id = a.act_id;
  if found then
    return ledger.posted_before(b.fingerprint = a.fingerprint, b.recorded_at,
             v_answer || jsonb_build_object('membership_id', b.membership_id));
  end if;
  if ledger.refused_before(p_bucket, a.act_id, a.fingerprint) is not null then
    return ledger.refused_before(p_bucket, a.act_id, a.fingerprint);
  end if;
  select * into m from ledger.membership where bucket = p_bucket and membership_id = a.membership_id;
  if a.number <> coalesce(m.version, 0) + 1 then return '{"code": "stale", "replayed": false}'; end if;
  if a.from_day is not null and house.state <> 'open' then
    return ledger.refuse(p_bucket, a.act_id, a.wallet_id, 'membership', a.fingerprint, '{"code": "member_suspended"}');
  end if;
  if p_closed is null and exists (
       select 1 from ledger.membership
        where bucket = p_bucket and wallet_id = a.wallet_id and scheme_id = a.scheme_id and closed is null
          and membership_id <> a.membership_id) then
    return ledger.refuse(p_bucket, a.act_id, a.wallet_id, 'membership', a.fingerprint,
             '{"code": "membership_invalid"}');
  end if;

  a.recorded_at := v_at;
  insert into ledger.membership_act select (a).*;
  if a.number = 1 then
    insert into ledger.membership (bucket, membership_id, wallet_id, scheme_id, version_id, seller_id, asset, anchor,
      until_day, entitled_until, paid_minor, refunded_minor, version, started_at, last_at)
    values (p_bucket, a.membership_id, a.wallet_id, a.scheme_id, a.version_id, p_seller, p_asset, a.anchor,
      a.until_day, a.entitled_until, a.paid_minor, a.refund_minor, 1, a.effective_at, a.effective_at);
  else
    update ledger.membership
       set scheme_id = a.scheme_id, version_id = a.version_id, closed = p_closed, anchor = a.anchor,
           until_day = a.until_day, entitled_until = a.entitled_until, paid_minor = paid_minor + a.paid_minor,
           refunded_minor = refunded_minor + a.refund_minor, version = a.number,
           last_at = case when a.from_day is null then last_at else a.effective_at end
     where bucket = p_bucket and membership_id = a.membership_id;
  end if;
  update ledger.wallet set facts = facts + 1
   where bucket = p_bucket and wallet_id = a.wallet_id and asset = p_house_asset;
  perform ledger.tell(p_bucket, a.act_id, 'membership.' || a.kind, a.wallet_id, a.membership_id, v_at, p_detail);
  return v_answer || '{"code": "posted", "replayed": false}';
end $$;

-- Reminds a member that what was paid for ends: once for each end.
create or replace function ledger.remind_membership(
  p_bucket smallint, p_membership uuid, p_until date, p_house_asset smallint, p_detail jsonb,
  p_at timestamptz default null)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_at timestamptz := coalesce(p_at, clock_timestamp());
  m ledger.membership;
begin
  perform 1 from ledger.wallet w join ledger.membership o using (bucket, wallet_id)
    where o.bucket = p_bucket and o.membership_id = p_membership and w.asset = p_house_asset
    for no key update of w;
  update ledger.membership set reminded_day = p_until
   where bucket = p_bucket and membership_id = p_membership and until_day = p_until and closed is null
     and reminded_day is distinct from p_until
  returning * into m;
  if not found then return '{"code": "posted", "replayed": true}'; end if;
  perform ledger.tell(p_bucket, ledger.derived(p_membership, 'remind ' || p_until), 'membership.ending', m.wallet_id,
            p_membership, v_at, p_detail);
  return '{"code": "posted", "replayed": false}';
end $$;

-- Records that a payment was refused whose reference is taken already: the id stays refused, and the reference is free.
create or replace function ledger.refuse_membership(
  p_bucket smallint, p_act uuid, p_wallet uuid, p_house_asset smallint, p_fingerprint uuid, p_code text)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  b ledger.membership_act;
begin
  perform 1 from ledger.wallet where bucket = p_bucket and wallet_id = p_wallet and asset = p_house_asset
    for no key update;
  select * into b from ledger.membership_act where bucket = p_bucket and act_id = p_act;
  if found then
    return ledger.posted_before(b.fingerprint = p_fingerprint, b.recorded_at,
             jsonb_build_object('membership_id', b.membership_id, 'act_id', p_act));
  end if;
  return coalesce(
    ledger.refused_before(p_bucket, p_act, p_fingerprint),
    ledger.refuse(p_bucket, p_act, p_wallet, 'membership', p_fingerprint, jsonb_build_object('code', p_code)));
end $$;
