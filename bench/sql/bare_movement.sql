-- One movement of our ledger and nothing else: what a ledger without lots, draws and an outbox would
-- write, on our tables, with our indexes and our functions. Lock the wallet, look for the id under that
-- lock, check, count the payee's position, write the one row. The books of a database in which it ran
-- no longer name their lots, so it has a database of its own.
create or replace function bench.move(
  p_bucket smallint, p_transfer uuid, p_fingerprint uuid, p_wallet uuid, p_asset smallint, p_payee uuid,
  p_amount bigint)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  w ledger.wallet;
  t ledger.transfer;
  v_answer jsonb;
begin
  select * into w from ledger.wallet where bucket = p_bucket and wallet_id = p_wallet and asset = p_asset
     for no key update;
  if not found then return '{"code": "currency_mismatch"}'; end if;
  select * into t from ledger.transfer where bucket = p_bucket and transfer_id = p_transfer;
  if found then
    return ledger.posted_before(t.fingerprint is not distinct from p_fingerprint, t.posted_at, '{}');
  end if;
  v_answer := ledger.refused_before(p_bucket, p_transfer, p_fingerprint);
  if v_answer is not null then return v_answer; end if;
  if w.credited - w.debited - w.held < p_amount then
    return ledger.refuse(p_bucket, p_transfer, p_wallet, 'donate', p_fingerprint, '{"code": "insufficient_funds"}');
  end if;
  update ledger.wallet set debited = w.debited + p_amount, version = w.version + 1
   where bucket = p_bucket and wallet_id = p_wallet and asset = p_asset;
  insert into ledger.transfer (bucket, transfer_id, asset, code, debit_kind, credit_kind, amount, wallet_id,
    wallet_version, pending_after, available_after, held_after, credit_owner, credit_version, cause_id, partner_id,
    fingerprint, effective_at)
  values (p_bucket, p_transfer, p_asset, 'donate', 'available', 'due', p_amount, p_wallet, w.version + 1, w.pending,
    w.credited - w.debited - w.held - p_amount, w.held, p_payee,
    ledger.count(p_bucket, p_payee, 'due', p_asset, 0, p_amount), p_transfer, p_payee, p_fingerprint,
    clock_timestamp());
  return '{"code": "posted", "replayed": false}';
end $$;
