-- What the verbs are made of: derived ids, the end of a local day, one counted leg, one written
-- transfer, drawing lots and giving them back. Every caller already holds the wallet's row lock, and
-- lots change only under it, so nothing here locks a lot. None of these is granted to the application.

-- An id that follows from another: the same first half and the same last byte (its bucket).
create or replace function ledger.derived(p_id uuid, p_step text) returns uuid
language sql immutable strict parallel safe as $$
  select encode(
    substr(uuid_send(p_id), 1, 8)
    || set_byte(substr(sha256(uuid_send(p_id) || convert_to(p_step, 'UTF8')), 1, 7), 0,
         (get_byte(sha256(uuid_send(p_id) || convert_to(p_step, 'UTF8')), 0) & 63) | 128)
    || substr(uuid_send(p_id), 16, 1), 'hex')::uuid
$$;

-- The first instant after the local day that lies p_days after p_from's local day. Of a midnight that comes twice
-- PostgreSQL takes the second, the rule the first.
create or replace function ledger.end_of_day(p_from timestamptz, p_days int, p_zone text) returns timestamptz
language sql stable strict parallel safe as $$
  select case when (midnight - interval '1 hour') at time zone p_zone = midnight at time zone p_zone
              then midnight - interval '1 hour' else midnight end
    from (select ((p_from at time zone p_zone)::date + p_days + 1)::timestamp at time zone p_zone as midnight) ends
$$;

-- Counts one leg on a position and returns its gapless number. Positions come last in the lock order. All but the first
-- leg find their row, and an update without the insert before it takes one lock record less in the log.
create or replace function ledger.count(
  p_bucket smallint, p_owner uuid, p_kind text, p_asset smallint, p_debit bigint, p_credit bigint) returns bigint
language plpgsql as $$
declare
  v_version bigint;
begin
  update ledger.position set credited = credited + p_credit, debited = debited + p_debit, version = version + 1
   where bucket = p_bucket and owner_id = p_owner and kind = p_kind and asset = p_asset
  returning version into v_version;
  if not found then
    insert into ledger.position as p (bucket, owner_id, kind, asset, credited, debited, version)
    values (p_bucket, p_owner, p_kind, p_asset, p_credit, p_debit, 1)
    on conflict (bucket, owner_id, kind, asset) do update
      set credited = p.credited + excluded.credited, debited = p.debited + excluded.debited, version = p.version + 1
    returning version into v_version;
  end if;
  return v_version;
end $$;

-- The kind of account that a lot's heir keeps what expires in.
create or replace function ledger.breakage_kind(p_breakage text) returns text
language sql immutable strict parallel safe as $$
  select case p_breakage when 'operator' then 'breakage' when 'merchant' then 'merchant_breakage' else 'due' end
$$;

-- The code of a movement to or from a lot's heir: the operator's has the plain name, the others say whose.
create or replace function ledger.breakage_code(p_code text, p_breakage text) returns text
language sql immutable strict parallel safe as $$
  select case p_breakage when 'operator' then p_code else p_code || '_' || p_breakage end
$$;

-- The first answer to a request that was refused before; null when there is none.
create or replace function ledger.refused_before(p_bucket smallint, p_request uuid, p_fingerprint uuid) returns jsonb
language plpgsql stable as $$
declare
  r ledger.refusal;
begin
  select * into r from ledger.refusal where bucket = p_bucket and request_id = p_request;
  if not found then return null; end if;
  if r.fingerprint = p_fingerprint then return r.answer || '{"replayed": true}'; end if;
  return jsonb_build_object('code', 'idempotency_key_reused', 'first_used_at', r.refused_at);
end $$;

-- The answer to a request that was posted before.
create or replace function ledger.posted_before(p_same boolean, p_first timestamptz, p_answer jsonb) returns jsonb
language sql immutable as $$
  select case when p_same then p_answer || '{"code": "posted", "replayed": true}'
         else jsonb_build_object('code', 'idempotency_key_reused', 'first_used_at', p_first) end
$$;

-- Records a refusal, so that the same id gets the same answer for ever, and returns it.
create or replace function ledger.refuse(
  p_bucket smallint, p_request uuid, p_wallet uuid, p_verb text, p_fingerprint uuid, p_answer jsonb) returns jsonb
language sql as $$
  insert into ledger.refusal (bucket, request_id, wallet_id, verb, fingerprint, answer)
  values (p_bucket, p_request, p_wallet, p_verb, p_fingerprint, p_answer)
  returning answer || '{"replayed": false}'
$$;

-- Puts down what happened for whoever must be told.
create or replace function ledger.tell(
  p_bucket smallint, p_event uuid, p_topic text, p_wallet uuid, p_subject uuid, p_at timestamptz, p_detail jsonb)
returns void language plpgsql as $$
begin
  insert into ledger.outbox (bucket, event_id, topic, wallet_id, subject_id, detail, happened_at)
  values (p_bucket, p_event, p_topic, p_wallet, p_subject, p_detail, p_at);
end $$;

-- Takes p_amount out of one lot for a debit. A lot that a refund filled again may pay for the same deficit twice;
-- then its draw grows.
create or replace function ledger.take(
  p_bucket smallint, p_lot uuid, p_amount bigint, p_cause uuid, p_transfer uuid)
returns void language plpgsql as $$
begin
  update ledger.lot set remaining = remaining - p_amount, open = remaining > p_amount
   where bucket = p_bucket and lot_id = p_lot;
  insert into ledger.draw as d (bucket, cause_id, lot_id, transfer_id, amount)
  values (p_bucket, p_cause, p_lot, p_transfer, p_amount)
  on conflict (bucket, cause_id, lot_id, transfer_id) do update set amount = d.amount + excluded.amount;
end $$;

-- Gives one lot back what was drawn from it. It keeps its own last day; only where that has passed meanwhile, its
-- grace counts from today, and a notice is needed anew.
create or replace function ledger.give_back(
  p_bucket smallint, p_lot uuid, p_amount bigint, p_cause uuid, p_transfer uuid, p_at timestamptz, p_zone text)
returns void language plpgsql as $$
begin
  update ledger.lot
     set remaining = remaining + p_amount, open = true,
         noticed_at = case when expires_at <= p_at then null else noticed_at end,
         expires_at = case when expires_at <= p_at then ledger.end_of_day(p_at, grace_days, p_zone) else expires_at end
   where bucket = p_bucket and lot_id = p_lot;
  insert into ledger.draw (bucket, cause_id, lot_id, transfer_id, amount)
  values (p_bucket, p_cause, p_lot, p_transfer, p_amount);
end $$;

-- Draws lots for a debit, soonest-expiring first, and returns what was drawn: less than asked only when the open
-- lots end. Touches only the lots it needs.
create or replace function ledger.draw_lots(
  p_bucket smallint, p_wallet uuid, p_asset smallint, p_amount bigint, p_cause uuid, p_transfer uuid)
returns bigint language plpgsql as $$
declare
  v_left bigint := p_amount;
  v_take bigint;
  l record;
begin
  if p_amount <= 0 then return 0; end if;
  for l in
    select lot_id, remaining from ledger.lot
     where bucket = p_bucket and wallet_id = p_wallet and asset = p_asset and open
     order by expires_at, available_at, lot_id
  loop
    v_take := least(l.remaining, v_left);
    perform ledger.take(p_bucket, l.lot_id, v_take, p_cause, p_transfer);
    v_left := v_left - v_take;
    exit when v_left = 0;
  end loop;
  return p_amount - v_left;
end $$;

-- Lets open lots cover open deficits, oldest first. The debits were posted when the deficit arose; here they only
-- find the lots that pay for them, so no value moves and no version grows.
create or replace function ledger.fill_deficits(p_bucket smallint, p_wallet uuid, p_asset smallint)
returns bigint language plpgsql as $$
declare
  d record;
  v_drawn bigint;
  v_all bigint := 0;
begin
  for d in
    select transfer_id, cause_id, remaining from ledger.deficit
     where bucket = p_bucket and wallet_id = p_wallet and asset = p_asset and remaining > 0
     order by opened_at, transfer_id
  loop
    v_drawn := ledger.draw_lots(p_bucket, p_wallet, p_asset, d.remaining, d.cause_id, d.transfer_id);
    update ledger.deficit set remaining = remaining - v_drawn where bucket = p_bucket and transfer_id = d.transfer_id;
    v_all := v_all + v_drawn;
    exit when v_drawn < d.remaining;
  end loop;
  return v_all;
end $$;
