-- Paying out what is due to charities, bucket by bucket. A batch has one line in every bucket, written once: so it can
-- be made up by several at once, or again after a crash, and is complete when all buckets have their line.

-- Puts into a batch what is due to its charity in one bucket, all of it: what came back after an earlier batch is less
-- than nothing, and makes this batch smaller. The account is locked, so the line names the movements it is made of.
create or replace function ledger.remit(
  p_bucket smallint, p_remittance uuid, p_move uuid, p_at timestamptz default null)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_at timestamptz := coalesce(p_at, clock_timestamp());
  nobody ledger.wallet;
  b coalition.remittance;
  p ledger.position;
  v_due bigint;
begin
  select * into b from coalition.remittance where remittance_id = p_remittance;
  if not found then return '{"code": "not_found"}'; end if;
  select * into p from ledger.position
   where bucket = p_bucket and owner_id = b.charity_id and kind = 'due' and asset = b.asset for no key update;
  if exists (select 1 from ledger.remittance_line where bucket = p_bucket and remittance_id = p_remittance) then
    return '{"code": "posted", "replayed": true}';
  end if;
  v_due := coalesce(p.credited - p.debited, 0);
  insert into ledger.remittance_line (bucket, remittance_id, charity_id, asset, amount, after_version, due_version,
    prepared_at)
  values (p_bucket, p_remittance, b.charity_id, b.asset, v_due,
    (select coalesce(max(due_version), 0) from ledger.remittance_line
      where bucket = p_bucket and charity_id = b.charity_id and asset = b.asset and amount <> 0
        and cancelled_at is null),
    coalesce(p.version, 0) + (v_due <> 0)::int, v_at)
  on conflict (bucket, remittance_id) do nothing;
  if not found then return '{"code": "posted", "replayed": true}'; end if;
  if v_due <> 0 then
    perform ledger.post_moves(p_bucket, array[
      ledger.payout(p_bucket, p_move, v_due, b.charity_id, b.asset, p_remittance, v_at)]);
  end if;
  return '{"code": "posted", "replayed": false}';
end $$;

-- Puts one bucket's line of a batch that is being cancelled back to what is due, once.
create or replace function ledger.unremit(
  p_bucket smallint, p_remittance uuid, p_move uuid, p_at timestamptz default null)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_at timestamptz := coalesce(p_at, clock_timestamp());
  l ledger.remittance_line;
begin
  if not exists (select 1 from coalition.remittance
                  where remittance_id = p_remittance and state in ('cancelling', 'cancelled')) then
    return '{"code": "not_found"}';
  end if;
  select * into l from ledger.remittance_line
   where bucket = p_bucket and remittance_id = p_remittance for no key update;
  if l.cancelled_at is not null then return '{"code": "posted", "replayed": true}'; end if;
  update ledger.remittance_line set cancelled_at = v_at where bucket = p_bucket and remittance_id = p_remittance;
  if l.amount <> 0 then
    perform ledger.post_moves(p_bucket, array[
      ledger.payout(p_bucket, p_move, -l.amount, l.charity_id, l.asset, p_remittance, v_at)]);
  end if;
  return '{"code": "posted", "replayed": false}';
end $$;

-- One movement between what is due to a charity and what is in its batches; an amount below zero goes back.
create or replace function ledger.payout(
  p_bucket smallint, p_move uuid, p_amount bigint, p_charity uuid, p_asset smallint, p_remittance uuid,
  p_at timestamptz) returns ledger.transfer language sql immutable as $$
  select case when p_amount > 0
         then ledger.move(p_bucket, p_move, 'remit', 'due', 'remitted', p_amount, null, p_charity, p_charity, p_asset,
                null, p_remittance, p_charity, p_at)
         else ledger.move(p_bucket, p_move, 'unremit', 'remitted', 'due', -p_amount, null, p_charity, p_charity,
                p_asset, null, p_remittance, p_charity, p_at) end
$$;

-- Puts on record that a batch was sent: by whom, with whose consent, and what proves it. It is the act of an approval,
-- so it answers like the verbs of the books.
create or replace function coalition.remittance_sent(
  p_remittance uuid, p_maker uuid, p_checker uuid, p_bank_reference text, p_proof_reference text, p_proof_sha256 text,
  p_value_date date, p_at timestamptz) returns jsonb language plpgsql as $$
declare
  v_state text;
begin
  update coalition.remittance
     set state = 'sent', sent_by = p_maker, approved_by = p_checker, bank_reference = p_bank_reference,
         proof_reference = p_proof_reference, proof_sha256 = p_proof_sha256, value_date = p_value_date,
         sent_at = coalesce(p_at, clock_timestamp())
   where remittance_id = p_remittance and state = 'prepared';
  if found then return '{"code": "posted", "replayed": false}'; end if;
  select state into v_state from coalition.remittance where remittance_id = p_remittance;
  return jsonb_build_object('code', 'remittance_closed', 'state', v_state);
end $$;
