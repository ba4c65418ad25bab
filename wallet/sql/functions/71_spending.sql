-- Safe spending. Every function by which value leaves asks `spend_refusal` under the wallet's lock, so no way of
-- spending can forget a rule, and a spend that comes at the same time as a lock is either before it or refused.

-- Why value may not leave for a merchant now, or null. It is asked last, when nothing else stands against the spend:
-- it uses up what a person has allowed, and puts what passes a limit where a person will look at it. The rules are
-- reference data of one row; p_merchant null is a gift, which knows the lock alone.
create or replace function ledger.spend_refusal(
  p_bucket smallint, p_request uuid, p_wallet uuid, p_asset smallint, p_merchant uuid, p_amount bigint,
  p_at timestamptz)
returns jsonb language plpgsql as $$
declare
  r coalition.spending_rules;
  v_hour bigint;
  v_day bigint;
  v_spent bigint;
  v_passed text;
  v_most bigint;
  v_review uuid;
begin
  if exists (select 1 from ledger.spend_lock where bucket = p_bucket and wallet_id = p_wallet and locked) then
    return '{"code": "spend_locked"}';
  end if;
  select * into r from coalition.spending_rules order by version desc limit 1;
  if not found or p_merchant is null then return null; end if;
  if p_merchant <> all (r.merchants) then return '{"code": "merchant_not_accepted"}'; end if;
  select count(*) filter (where held_at > p_at - interval '1 hour'), count(*),
         coalesce(sum(amount - released - refunded), 0)
    into v_hour, v_day, v_spent
    from ledger.redemption
   where bucket = p_bucket and wallet_id = p_wallet and asset = p_asset
     and held_at > p_at - interval '1 day' and held_at <= p_at;
  v_passed := case when p_amount > r.one_minor then 'one' when v_spent + p_amount > r.day_minor then 'day'
                   when v_hour >= r.hour_most then 'hour_count' when v_day >= r.day_most then 'day_count' end;
  if v_passed is null then return null; end if;
  update ledger.spend_review set used_by = p_request
   where bucket = p_bucket
     and review_id = (select review_id from ledger.spend_review
                       where bucket = p_bucket and wallet_id = p_wallet and merchant_id = p_merchant
                         and asset = p_asset and state = 'allowed' and used_by is null and p_amount <= amount
                         and good_until > p_at order by good_until limit 1)
  returning review_id into v_review;
  if found then return null; end if;
  v_most := case v_passed when 'one' then r.one_minor when 'day' then r.day_minor
                 when 'hour_count' then r.hour_most else r.day_most end;
  insert into ledger.spend_review as v (bucket, review_id, wallet_id, merchant_id, asset, amount, passed, most,
    asked_at)
  values (p_bucket, p_request, p_wallet, p_merchant, p_asset, p_amount, v_passed, v_most, p_at)
  on conflict (bucket, wallet_id, merchant_id) where state = 'open' do update
    set amount = greatest(v.amount, excluded.amount), passed = excluded.passed, most = excluded.most,
        tries = v.tries + 1
  returning review_id into v_review;
  if v_review = p_request then
    perform ledger.tell(p_bucket, v_review, 'spending.review', p_wallet, v_review, p_at,
              jsonb_build_object('amount', p_amount));
  end if;
  return jsonb_build_object('code', 'spending_review', 'limit', v_passed);
end $$;

-- Locks a wallet for spending, or opens it; true if that changed anything. What the staff has locked only the staff
-- opens. The same again changes nothing.
create or replace function ledger.set_spend_lock(
  p_bucket smallint, p_wallet uuid, p_locked boolean, p_by text, p_at timestamptz default null)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_at timestamptz := coalesce(p_at, clock_timestamp());
  l ledger.spend_lock;
begin
  -- All assets of the wallet, in order: a spend of any of them is before the lock or after it.
  perform 1 from ledger.wallet where bucket = p_bucket and wallet_id = p_wallet order by asset for no key update;
  if not found then return '{"code": "not_found"}'; end if;
  select * into l from ledger.spend_lock where bucket = p_bucket and wallet_id = p_wallet;
  if coalesce(l.locked, false) = p_locked and (not p_locked or l.by_kind = p_by or l.by_kind = 'staff') then
    return jsonb_build_object('code', 'posted', 'replayed', true, 'version', coalesce(l.version, 0));
  end if;
  if not p_locked and l.by_kind = 'staff' and p_by <> 'staff' then return '{"code": "spend_locked"}'; end if;
  insert into ledger.spend_lock as k (bucket, wallet_id, locked, by_kind, changed_at)
  values (p_bucket, p_wallet, p_locked, p_by, v_at)
  on conflict (bucket, wallet_id) do update
    set locked = excluded.locked, by_kind = excluded.by_kind, changed_at = excluded.changed_at,
        version = k.version + 1
  returning version into l.version;
  perform ledger.tell(p_bucket, ledger.derived(p_wallet, 'spend lock ' || l.version),
            case when p_locked then 'spending.locked' else 'spending.unlocked' end, p_wallet, p_wallet, v_at,
            jsonb_build_object('by', p_by));
  return jsonb_build_object('code', 'posted', 'replayed', false, 'version', l.version);
end $$;

-- A person's decision on a spend that passed a limit. The first one stands.
create or replace function ledger.decide_spend(
  p_bucket smallint, p_review uuid, p_state text, p_by uuid, p_reason text, p_span interval,
  p_at timestamptz default null)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_at timestamptz := coalesce(p_at, clock_timestamp());
  v ledger.spend_review;
begin
  select * into v from ledger.spend_review where bucket = p_bucket and review_id = p_review for no key update;
  if not found then return '{"code": "not_found"}'; end if;
  if v.state <> 'open' then
    if v.state = p_state and v.decided_by = p_by then
      return jsonb_build_object('code', 'posted', 'replayed', true);
    end if;
    return jsonb_build_object('code', 'approval_closed', 'state', v.state);
  end if;
  update ledger.spend_review
     set state = p_state, decided_by = p_by, reason = p_reason, decided_at = v_at,
         good_until = case when p_state = 'allowed' then v_at + p_span end
   where bucket = p_bucket and review_id = p_review;
  perform ledger.tell(p_bucket, ledger.derived(p_review, 'decided'), 'spending.' || p_state, v.wallet_id, p_review,
            v_at, jsonb_build_object('amount', v.amount));
  return jsonb_build_object('code', 'posted', 'replayed', false);
end $$;
