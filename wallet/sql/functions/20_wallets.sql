-- Opening a wallet and changing its state. Opening twice is harmless; the state changes under the wallet's lock, so
-- that a suspension and a spend can not pass each other.
create or replace function ledger.open_wallet(p_bucket smallint, p_wallet uuid, p_asset smallint, p_floor bigint)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into ledger.wallet (bucket, wallet_id, asset, floor) values (p_bucket, p_wallet, p_asset, p_floor)
  on conflict do nothing;
  return jsonb_build_object('code', case when found then 'posted' else 'replayed' end);
end $$;

create or replace function ledger.set_wallet_state(p_bucket smallint, p_wallet uuid, p_state text)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform 1 from ledger.wallet where bucket = p_bucket and wallet_id = p_wallet order by asset for no key update;
  if not found then return '{"code": "not_found"}'; end if;
  update ledger.wallet set state = p_state where bucket = p_bucket and wallet_id = p_wallet;
  return '{"code": "posted"}';
end $$;
