-- Enters a member in one window of a contest, once; the closing instant is asked under the wallet's lock. p_why says
-- why the member may not, null for who may; that answer stays, like every refusal.
create or replace function ledger.enter_contest(
  p_bucket smallint, p_entry uuid, p_wallet uuid, p_house_asset smallint, p_contest uuid, p_period text,
  p_version uuid, p_known jsonb, p_why text, p_fingerprint uuid, p_from timestamptz, p_until timestamptz,
  p_at timestamptz default null)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_at timestamptz;
  e ledger.contest_entry;
  house ledger.wallet;
  v_answer jsonb;
begin
  select * into house from ledger.wallet
   where bucket = p_bucket and wallet_id = p_wallet and asset = p_house_asset for no key update;
  if not found then return '{"code": "currency_mismatch"}'; end if;
  v_at := coalesce(p_at, clock_timestamp());
  select * into e from ledger.contest_entry
   where bucket = p_bucket and (entry_id = p_entry
         or (contest_id = p_contest and period = p_period and wallet_id = p_wallet))
   order by entry_id = p_entry desc limit 1;
  if e.entry_id = p_entry then
    return ledger.posted_before(e.fingerprint = p_fingerprint, e.entered_at, jsonb_build_object('entry_id', p_entry));
  end if;
  v_answer := ledger.refused_before(p_bucket, p_entry, p_fingerprint);
  if v_answer is not null then return v_answer; end if;
  if e.entry_id is not null then  -- Under another id; it is the same entry.
    return ledger.posted_before(true, e.entered_at, jsonb_build_object('entry_id', e.entry_id));
  end if;
  v_answer := case
    when house.state <> 'open' then jsonb_build_object('code', 'member_suspended')
    when ledger.excluded(p_bucket, p_wallet, v_at) is not null then jsonb_build_object('code', 'self_excluded')
    when v_at < p_from or v_at >= p_until then jsonb_build_object('code', 'contest_closed')
    when p_why is not null then jsonb_build_object('code', 'not_eligible', 'why', p_why)
  end;
  if v_answer is not null then
    return ledger.refuse(p_bucket, p_entry, p_wallet, 'contest_enter', p_fingerprint, v_answer);
  end if;
  insert into ledger.contest_entry (bucket, entry_id, wallet_id, contest_id, period, version_id, known, fingerprint,
    entered_at)
  values (p_bucket, p_entry, p_wallet, p_contest, p_period, p_version, p_known, p_fingerprint, v_at);
  update ledger.wallet set facts = facts + 1
   where bucket = p_bucket and wallet_id = p_wallet and asset = p_house_asset;
  perform ledger.tell(p_bucket, p_entry, 'contest.entered', p_wallet, p_contest, v_at, null);
  return jsonb_build_object('code', 'posted', 'replayed', false, 'entry_id', p_entry);
end $$;
