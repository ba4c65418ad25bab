-- Gift cards: a member's standing leave for one merchant to hold value without a code each time, up to a sum and until
-- a day. A card holds nothing itself: what a store asks of it are ordinary redemptions of the wallet, and each thing
-- that was asked stands here once, in `card_operation`.
--
-- Making a card ends the one before it at the same merchant; it lives until the end of a local day.
create or replace function ledger.make_card(
  p_bucket smallint, p_card uuid, p_wallet uuid, p_asset smallint, p_merchant uuid, p_code bytea, p_ending text,
  p_listed boolean, p_maximum bigint, p_days int, p_zone text, p_at timestamptz default null)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_at timestamptz := coalesce(p_at, clock_timestamp());
  v_state text;
begin
  select state into v_state from ledger.wallet
   where bucket = p_bucket and wallet_id = p_wallet and asset = p_asset for no key update;
  if not found then return '{"code": "currency_mismatch"}'; end if;
  perform from ledger.gift_card where bucket = p_bucket and card_id = p_card;
  if found then return '{"code": "posted", "replayed": true}'; end if;
  if v_state <> 'open' then return '{"code": "member_suspended"}'; end if;
  update ledger.gift_card set ended_at = v_at
   where bucket = p_bucket and wallet_id = p_wallet and merchant_id = p_merchant and ended_at is null;
  insert into ledger.gift_card (bucket, card_id, wallet_id, asset, merchant_id, code_hash, ending, listed, maximum,
    created_at, expires_at)
  values (p_bucket, p_card, p_wallet, p_asset, p_merchant, p_code, p_ending, p_listed, p_maximum, v_at,
    ledger.end_of_day(v_at, p_days, p_zone));
  perform ledger.tell(p_bucket, p_card, 'card.made', p_wallet, p_card, v_at, null);
  return '{"code": "posted", "replayed": false}';
end $$;

-- Ends a card: nothing new is held by it. What is held already stays with the store that holds it.
create or replace function ledger.end_card(p_bucket smallint, p_card uuid, p_wallet uuid, p_at timestamptz default null)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  c ledger.gift_card;
begin
  select * into c from ledger.gift_card where bucket = p_bucket and card_id = p_card and wallet_id = p_wallet;
  if not found then return '{"code": "not_found"}'; end if;
  -- A hold by this card that is being written is finished first, or finds it ended.
  perform from ledger.wallet where bucket = p_bucket and wallet_id = c.wallet_id and asset = c.asset
      for no key update;
  update ledger.gift_card set ended_at = coalesce(p_at, clock_timestamp())
   where bucket = p_bucket and card_id = p_card and ended_at is null;
  return jsonb_build_object('code', 'posted', 'replayed', not found);
end $$;

-- What a card has of its maximum in use: held, or spent and not given back.
create or replace function ledger.card_used(p_bucket smallint, p_card uuid) returns bigint
language sql stable as $$
  select coalesce(sum(r.amount - r.released - r.refunded), 0)::bigint
    from ledger.card_operation o
    join ledger.redemption r on r.bucket = o.bucket and r.redemption_id = o.redemption_id
   where o.bucket = p_bucket and o.card_id = p_card and o.kind = 'debit'
$$;

-- How many steps a redemption of a card has taken.
create or replace function ledger.card_steps(p_bucket smallint, p_redemption uuid) returns bigint
language sql stable as $$
  select count(*) from ledger.card_operation where bucket = p_bucket and redemption_id = p_redemption
$$;

-- The first answer to what was asked of a card before; null when it is asked for the first time.
create or replace function ledger.card_asked_before(p_bucket smallint, p_operation uuid, p_fingerprint uuid)
returns jsonb language plpgsql stable as $$
declare
  o ledger.card_operation;
begin
  select * into o from ledger.card_operation where bucket = p_bucket and operation_id = p_operation;
  if found then return ledger.posted_before(o.fingerprint = p_fingerprint, o.happened_at, '{}'); end if;
  return ledger.refused_before(p_bucket, p_operation, p_fingerprint);
end $$;

-- Holds value by a card: the sister of `ledger.hold`, which holds by a code. The operation is the redemption.
create or replace function ledger.hold_by_card(
  p_bucket smallint, p_operation uuid, p_fingerprint uuid, p_card uuid, p_merchant uuid, p_asset smallint,
  p_amount bigint, p_span interval, p_reference text, p_request text, p_about text, p_at timestamptz default null)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_at timestamptz := coalesce(p_at, clock_timestamp());
  c ledger.gift_card;
  w ledger.wallet;
  v_answer jsonb;
  v_free bigint;
  v_left bigint;
begin
  select * into c from ledger.gift_card where bucket = p_bucket and card_id = p_card;
  if not found or c.merchant_id <> p_merchant then return '{"code": "not_found"}'; end if;
  select * into w from ledger.wallet where bucket = p_bucket and wallet_id = c.wallet_id and asset = c.asset
     for no key update;
  v_answer := ledger.card_asked_before(p_bucket, p_operation, p_fingerprint);
  if v_answer is not null then return v_answer; end if;

  select * into c from ledger.gift_card where bucket = p_bucket and card_id = p_card;
  v_free := w.credited - w.debited - w.held;
  v_left := c.maximum - ledger.card_used(p_bucket, p_card);
  v_answer := case
    when w.state <> 'open' then jsonb_build_object('code', 'member_suspended')
    when c.ended_at is not null or c.expires_at <= v_at then jsonb_build_object('code', 'card_ended')
    when c.asset <> p_asset then jsonb_build_object('code', 'currency_mismatch')
    when v_left < p_amount then jsonb_build_object('code', 'card_limit', 'left_minor', greatest(v_left, 0))
    when v_free < p_amount then jsonb_build_object('code', 'insufficient_funds', 'available_minor', greatest(v_free, 0))
    else ledger.spend_refusal(p_bucket, p_operation, c.wallet_id, c.asset, p_merchant, p_amount, v_at)
  end;
  if v_answer is not null then
    return ledger.refuse(p_bucket, p_operation, c.wallet_id, 'card_hold', p_fingerprint, v_answer);
  end if;
  perform ledger.set_aside(p_bucket, w, p_operation, p_fingerprint, p_merchant, null, p_amount,
            v_at + p_span, p_reference, v_at);
  insert into ledger.card_operation (bucket, operation_id, card_id, redemption_id, kind, request, about, amount,
    fingerprint, happened_at)
  values (p_bucket, p_operation, p_card, p_operation, 'debit', p_request, p_about, p_amount, p_fingerprint, v_at);
  return '{"code": "posted", "replayed": false}';
end $$;

-- Locks the wallet of a card for what is asked of one of its redemptions, and answers the redemption; none if the card
-- is not the merchant's, or never held it.
create or replace function ledger.card_redemption(p_bucket smallint, p_card uuid, p_merchant uuid, p_redemption uuid)
returns ledger.redemption language plpgsql as $$
declare
  r ledger.redemption;
begin
  perform from ledger.card_operation o join ledger.gift_card c using (bucket, card_id)
    where bucket = p_bucket and operation_id = p_redemption and kind = 'debit' and card_id = p_card
      and c.merchant_id = p_merchant;
  if not found then return null; end if;
  select * into r from ledger.redemption where bucket = p_bucket and redemption_id = p_redemption;
  perform from ledger.wallet where bucket = p_bucket and wallet_id = r.wallet_id and asset = r.asset
      for no key update;
  -- Whoever was faster has changed it meanwhile.
  select * into r from ledger.redemption where bucket = p_bucket and redemption_id = p_redemption;
  return r;
end $$;

-- Captures a part of what a card holds; the rest stays held for the parts that follow.
create or replace function ledger.settle_card(
  p_bucket smallint, p_operation uuid, p_fingerprint uuid, p_card uuid, p_merchant uuid, p_redemption uuid,
  p_amount bigint, p_request text, p_steps_max int, p_zone text, p_at timestamptz default null)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_at timestamptz := coalesce(p_at, clock_timestamp());
  r ledger.redemption := ledger.card_redemption(p_bucket, p_card, p_merchant, p_redemption);
  v_answer jsonb;
begin
  if r.redemption_id is null then return '{"code": "not_found"}'; end if;
  v_answer := ledger.card_asked_before(p_bucket, p_operation, p_fingerprint);
  if v_answer is not null then return v_answer; end if;
  v_answer := case
    when r.state = 'expired' or (r.state = 'held' and v_at >= r.expires_at)
      then jsonb_build_object('code', 'redemption_expired')
    when r.state <> 'held' then jsonb_build_object('code', 'redemption_closed', 'state', r.state)
    when p_amount > r.amount - r.captured - r.released
      then jsonb_build_object('code', 'capture_exceeds_hold', 'held_minor', r.amount - r.captured - r.released)
    when ledger.card_steps(p_bucket, p_redemption) >= p_steps_max then jsonb_build_object('code', 'too_many')
  end;
  if v_answer is not null then
    return ledger.refuse(p_bucket, p_operation, r.wallet_id, 'card_settle', p_fingerprint, v_answer);
  end if;
  perform ledger.resolve(p_bucket, p_redemption, p_operation, p_fingerprint, p_amount, 0, 'released', p_zone, v_at);
  insert into ledger.card_operation (bucket, operation_id, card_id, redemption_id, kind, request, amount, fingerprint,
    happened_at)
  values (p_bucket, p_operation, p_card, p_redemption, 'settlement', p_request, p_amount, p_fingerprint, v_at);
  return '{"code": "posted", "replayed": false}';
end $$;

-- Cancels a part of what a card held, or all of it: first what was not spent (what is held is let go; what an expiry
-- let go before counts too, and moves nothing), then what was spent, which is refunded.
create or replace function ledger.cancel_card(
  p_bucket smallint, p_operation uuid, p_fingerprint uuid, p_card uuid, p_merchant uuid, p_redemption uuid,
  p_amount bigint, p_request text, p_steps_max int, p_zone text, p_at timestamptz default null)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_at timestamptz := coalesce(p_at, clock_timestamp());
  r ledger.redemption := ledger.card_redemption(p_bucket, p_card, p_merchant, p_redemption);
  v_answer jsonb;
  v_held bigint;
  v_unspent bigint;
  v_spent bigint;
  v_refund bigint;
begin
  if r.redemption_id is null then return '{"code": "not_found"}'; end if;
  v_answer := ledger.card_asked_before(p_bucket, p_operation, p_fingerprint);
  if v_answer is not null then return v_answer; end if;
  v_held := r.amount - r.captured - r.released;
  v_spent := r.captured - r.refunded;
  select v_held + r.released - coalesce(sum(released), 0) into v_unspent
    from ledger.card_operation where bucket = p_bucket and redemption_id = p_redemption and kind = 'cancellation';
  v_answer := case
    when p_amount > v_unspent + v_spent
      then jsonb_build_object('code', 'cancellation_exceeds_rest', 'left_minor', v_unspent + v_spent)
    when ledger.card_steps(p_bucket, p_redemption) >= p_steps_max then jsonb_build_object('code', 'too_many')
  end;
  if v_answer is not null then
    return ledger.refuse(p_bucket, p_operation, r.wallet_id, 'card_cancel', p_fingerprint, v_answer);
  end if;
  v_refund := greatest(p_amount - v_unspent, 0);
  if v_held > 0 then
    perform ledger.resolve(p_bucket, p_redemption,
              case when v_refund > 0 then ledger.derived(p_operation, 'release') else p_operation end,
              case when v_refund = 0 then p_fingerprint end, 0, least(v_held, p_amount), 'released', p_zone, v_at);
  end if;
  if v_refund > 0 then
    perform ledger.repay(p_bucket, p_redemption, p_operation, p_fingerprint, v_refund, p_zone, v_at);
  end if;
  insert into ledger.card_operation (bucket, operation_id, card_id, redemption_id, kind, request, amount, released,
    refunded, fingerprint, happened_at)
  values (p_bucket, p_operation, p_card, p_redemption, 'cancellation', p_request, p_amount, p_amount - v_refund,
    v_refund, p_fingerprint, v_at);
  return '{"code": "posted", "replayed": false}';
end $$;

-- Gives value back to the card that paid for an order: the newest of the card's redemptions of that order of which as
-- much is left is refunded. A store has nothing else to credit a wallet with.
create or replace function ledger.credit_card(
  p_bucket smallint, p_operation uuid, p_fingerprint uuid, p_card uuid, p_merchant uuid, p_asset smallint,
  p_amount bigint, p_reference text, p_request text, p_about text, p_steps_max int, p_zone text,
  p_at timestamptz default null)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_at timestamptz := coalesce(p_at, clock_timestamp());
  c ledger.gift_card;
  r ledger.redemption;
  v_answer jsonb;
  v_left bigint;
begin
  select * into c from ledger.gift_card where bucket = p_bucket and card_id = p_card;
  if not found or c.merchant_id <> p_merchant then return '{"code": "not_found"}'; end if;
  perform from ledger.wallet where bucket = p_bucket and wallet_id = c.wallet_id and asset = c.asset
      for no key update;
  v_answer := ledger.card_asked_before(p_bucket, p_operation, p_fingerprint);
  if v_answer is not null then return v_answer; end if;
  select p.* into r from ledger.card_operation o
    join ledger.redemption p on p.bucket = o.bucket and p.redemption_id = o.redemption_id
   where o.bucket = p_bucket and o.card_id = p_card and o.kind = 'debit' and p.order_reference = p_reference
   order by p.captured - p.refunded >= p_amount desc, o.happened_at desc, o.operation_id desc limit 1;
  v_left := coalesce(r.captured - r.refunded, 0);
  v_answer := case
    when c.asset <> p_asset then jsonb_build_object('code', 'currency_mismatch')
    when v_left < p_amount then jsonb_build_object('code', 'refund_exceeds_capture', 'left_minor', v_left)
    when ledger.card_steps(p_bucket, r.redemption_id) >= p_steps_max then jsonb_build_object('code', 'too_many')
  end;
  if v_answer is not null then
    return ledger.refuse(p_bucket, p_operation, c.wallet_id, 'card_credit', p_fingerprint, v_answer);
  end if;
  perform ledger.repay(p_bucket, r.redemption_id, p_operation, p_fingerprint, p_amount, p_zone, v_at);
  insert into ledger.card_operation (bucket, operation_id, card_id, redemption_id, kind, request, about, amount,
    refunded, fingerprint, happened_at)
  values (p_bucket, p_operation, p_card, r.redemption_id, 'credit', p_request, p_about, p_amount, p_amount,
    p_fingerprint, v_at);
  return '{"code": "posted", "replayed": false}';
end $$;
