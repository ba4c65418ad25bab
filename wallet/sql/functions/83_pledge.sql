-- Pledges: a member's standing instructions. A pledge holds for the movements of the wallet after it was set, by their
-- numbers, so it is certain which ones it means; how far it was carried out is kept beside it.

-- Sets a pledge. One that stands for the same charity, in the same way, is replaced: what moved before goes by it.
create or replace function ledger.set_pledge(
  p_bucket smallint, p_pledge uuid, p_fingerprint uuid, p_wallet uuid, p_asset smallint, p_kind text, p_charity uuid,
  p_share_bps int, p_multiple bigint, p_most int, p_refused text default null, p_at timestamptz default null)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_at timestamptz := coalesce(p_at, clock_timestamp());
  w ledger.wallet;
  p ledger.pledge;
  v_others bigint;
  v_shares bigint;
  v_rivals bigint;
  v_answer jsonb;
begin
  select * into w from ledger.wallet where bucket = p_bucket and wallet_id = p_wallet and asset = p_asset
     for no key update;
  if not found then return '{"code": "currency_mismatch"}'; end if;
  select * into p from ledger.pledge where bucket = p_bucket and pledge_id = p_pledge;
  if found then return ledger.posted_before(p.fingerprint = p_fingerprint, p.set_at, '{}'); end if;
  v_answer := ledger.refused_before(p_bucket, p_pledge, p_fingerprint);
  if v_answer is not null then return v_answer; end if;
  select count(*), coalesce(sum(share_bps) filter (where asset = p_asset), 0),
         count(*) filter (where kind = 'expiring' and asset = p_asset)
    into v_others, v_shares, v_rivals
    from ledger.pledge
   where bucket = p_bucket and wallet_id = p_wallet and until_version is null
     and (asset, kind, charity_id) <> (p_asset, p_kind, p_charity);
  v_answer := case
    when w.state <> 'open' then jsonb_build_object('code', 'member_suspended')
    when p_refused is not null then jsonb_build_object('code', p_refused)
    when v_others >= p_most then jsonb_build_object('code', 'too_many', 'limit', p_most)
    when p_kind = 'share' and v_shares + p_share_bps > 10000
      then jsonb_build_object('code', 'pledge_invalid', 'why', 'shares')
    when p_kind = 'expiring' and v_rivals > 0 then jsonb_build_object('code', 'pledge_invalid', 'why', 'expiring')
  end;
  if v_answer is not null then
    return ledger.refuse(p_bucket, p_pledge, p_wallet, 'pledge', p_fingerprint, v_answer);
  end if;
  update ledger.pledge set until_version = w.version, ended_at = v_at, ended_as = 'replaced'
   where bucket = p_bucket and wallet_id = p_wallet and asset = p_asset and kind = p_kind and charity_id = p_charity
     and until_version is null;
  insert into ledger.pledge (bucket, pledge_id, wallet_id, asset, kind, charity_id, share_bps, multiple, from_version,
    seen_version, fingerprint, set_at)
  values (p_bucket, p_pledge, p_wallet, p_asset, p_kind, p_charity, p_share_bps, p_multiple, w.version, w.version,
    p_fingerprint, v_at);
  perform ledger.tell(p_bucket, p_pledge, 'pledge.set', p_wallet, p_pledge, v_at,
            jsonb_build_object('charity_id', p_charity));
  return jsonb_build_object('code', 'posted', 'replayed', false);
end $$;

-- Ends a pledge at once: what it has not been carried out for is not given any more. Ending it again changes nothing;
-- one that was replaced is not ended, because another stands in its place.
create or replace function ledger.end_pledge(
  p_bucket smallint, p_pledge uuid, p_wallet uuid, p_at timestamptz default null)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_at timestamptz := coalesce(p_at, clock_timestamp());
  p ledger.pledge;
begin
  -- All of the wallet's rows, because the pledge, which says of which asset it is, is read under the lock.
  perform 1 from ledger.wallet where bucket = p_bucket and wallet_id = p_wallet order by asset for no key update;
  select * into p from ledger.pledge where bucket = p_bucket and pledge_id = p_pledge and wallet_id = p_wallet;
  if not found then return '{"code": "not_found"}'; end if;
  if p.ended_as = 'replaced' then return '{"code": "pledge_closed"}'; end if;
  if p.ended_as = 'ended' then return '{"code": "posted", "replayed": true}'; end if;
  update ledger.pledge set until_version = seen_version, ended_at = v_at, ended_as = 'ended'
   where bucket = p_bucket and pledge_id = p_pledge;
  -- The ones that it replaced, too, are not carried out any more.
  update ledger.pledge set until_version = seen_version
   where bucket = p_bucket and wallet_id = p_wallet and asset = p.asset and kind = p.kind
     and charity_id = p.charity_id and until_version > seen_version;
  perform ledger.tell(p_bucket, ledger.derived(p_pledge, 'end'), 'pledge.ended', p_wallet, p_pledge, v_at,
            jsonb_build_object('charity_id', p.charity_id));
  return '{"code": "posted", "replayed": false}';
end $$;

-- Carries out what was decided of pledges: p_looks says how far each was seen and is seen now, p_gifts what follows.
-- If a pledge was seen further, changed or ended meanwhile, it is `stale` and nothing is done. A gift takes what is
-- there: a share and an expiring lot as much as there is, a rounding all or nothing. Nothing is given twice: a movement
-- moves a pledge once, by the id that follows from both, and of a lot only what it has left.
create or replace function ledger.carry_out(
  p_bucket smallint, p_wallet uuid, p_asset smallint, p_looks jsonb, p_gifts jsonb, p_at timestamptz default null)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_at timestamptz := coalesce(p_at, clock_timestamp());
  w ledger.wallet;
  g record;
  v_free bigint;
  v_id uuid;
  v_times int := 0;
begin
  select * into w from ledger.wallet where bucket = p_bucket and wallet_id = p_wallet and asset = p_asset
     for no key update;
  if not found then return '{"code": "currency_mismatch"}'; end if;
  if exists (select 1
               from jsonb_to_recordset(p_looks) as l (pledge uuid, seen bigint, until bigint, stands boolean)
               left join ledger.pledge p on p.bucket = p_bucket and p.pledge_id = l.pledge and p.wallet_id = p_wallet
              where p.seen_version is distinct from l.seen or l.until > coalesce(p.until_version, w.version)
                 or l.stands <> (p.until_version is null))
  then
    return '{"code": "stale"}';
  end if;
  for g in
    select x.pledge, x.cause, x.movement, x.lot, x.amount, p.kind, p.charity_id
      from jsonb_to_recordset(p_gifts) as x (pledge uuid, cause uuid, movement uuid, lot uuid, amount bigint)
      join ledger.pledge p on p.bucket = p_bucket and p.pledge_id = x.pledge and p.wallet_id = p_wallet
  loop
    select credited - debited - held into v_free from ledger.wallet
     where bucket = p_bucket and wallet_id = p_wallet and asset = p_asset;
    if g.lot is not null then
      select least(v_free, remaining) into v_free from ledger.lot
       where bucket = p_bucket and lot_id = g.lot and wallet_id = p_wallet and asset = p_asset and open;
      -- A lot that is given back may be about to expire again: the wallet's version tells the two apart.
      v_id := ledger.derived(g.lot, 'pledge' || g.pledge || w.version);
    else
      v_id := ledger.derived(g.movement, 'pledge' || g.pledge);
    end if;
    v_free := case when g.kind = 'round_up' and v_free < g.amount then 0 else least(v_free, g.amount) end;
    continue when w.state <> 'open' or coalesce(v_free, 0) <= 0
      or exists (select 1 from ledger.donation where bucket = p_bucket and donation_id = v_id);
    w.version := ledger.post_donation(p_bucket, v_id, p_wallet, p_asset, g.charity_id, v_free, g.kind, g.lot, g.pledge,
                   g.cause, null, v_at);
    update ledger.pledge set given = given + v_free where bucket = p_bucket and pledge_id = g.pledge;
    v_times := v_times + 1;
  end loop;
  update ledger.pledge p set seen_version = l.until
    from jsonb_to_recordset(p_looks) as l (pledge uuid, until bigint)
   where p.bucket = p_bucket and p.pledge_id = l.pledge and p.seen_version < l.until;
  return jsonb_build_object('code', 'posted', 'given', v_times);
end $$;
