-- Awards: what a member earns without a purchase, by an activity or for a friend, and how it is taken back. One lot and
-- one transfer for each funder, the grants behind them, counters, budgets and the explanation, as with a purchase. An
-- award whose decision does not hold any more answers `stale`, and nothing of it is kept; a partner's reference of a
-- kind stands for one award of a bucket.
create or replace function ledger.post_award(
  p_bucket smallint, p_award uuid, p_wallet uuid, p_house_asset smallint, p_partner uuid, p_kind text,
  p_reference text, p_subject text, p_detail jsonb, p_fingerprint uuid, p_facts_version bigint, p_floor bigint,
  p_lots ledger.lot_in[], p_grants ledger.grant_in[], p_draws ledger.draw_in[], p_benefits ledger.benefit_in[],
  p_explanation jsonb, p_facts jsonb, p_at timestamptz default null, p_gifts ledger.gift_in[] default '{}')
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_at timestamptz := coalesce(p_at, clock_timestamp());
  a ledger.award;
  house ledger.wallet;
  w ledger.wallet;
  l record;
  v_answer jsonb;
  v_moves ledger.transfer[] := '{}';
  v_posted ledger.purchase_in;
begin
  -- Before all locks, as with purchases: whoever opens a wallet waits only for others who open.
  insert into ledger.wallet (bucket, wallet_id, asset, floor, state)
  select distinct p_bucket, p_wallet, i.asset, p_floor, h.state
    from unnest(p_lots) i
    join ledger.wallet h on h.bucket = p_bucket and h.wallet_id = p_wallet and h.asset = p_house_asset
   order by 3 on conflict do nothing;
  perform 1 from ledger.wallet where bucket = p_bucket and wallet_id = p_wallet order by asset for no key update;
  select * into house from ledger.wallet
   where bucket = p_bucket and wallet_id = p_wallet and asset = p_house_asset;
  if not found then return '{"code": "currency_mismatch"}'; end if;
  -- A suspension that came between the two found no wallet to suspend.
  update ledger.wallet set state = house.state
   where bucket = p_bucket and wallet_id = p_wallet and state <> house.state;
  perform 1 from ledger.budget_share s
    where s.bucket = p_bucket and s.budget_id in (select budget_id from unnest(p_draws))
    order by s.budget_id for no key update;
  select * into a from ledger.award where bucket = p_bucket and award_id = p_award;
  if found then
    return ledger.posted_before(a.fingerprint = p_fingerprint, a.awarded_at, jsonb_build_object('award_id', p_award));
  end if;
  v_answer := ledger.refused_before(p_bucket, p_award, p_fingerprint);
  if v_answer is not null then return v_answer; end if;
  if house.state <> 'open' then
    return ledger.refuse(p_bucket, p_award, p_wallet, 'award', p_fingerprint, '{"code": "member_suspended"}');
  end if;
  if exists (select 1 from ledger.award
              where bucket = p_bucket and partner_id = p_partner and kind = p_kind and reference = p_reference) then
    return '{"code": "reference_used"}';
  end if;
  if p_facts_version <> house.facts
     or exists (select 1
                  from (select budget_id, sum(amount) as amount from unnest(p_draws) group by budget_id) d
                  left join ledger.budget_share s on s.bucket = p_bucket and s.budget_id = d.budget_id
                 where d.amount > coalesce(s.allotted - s.consumed, 0))
  then
    return '{"code": "stale", "replayed": false}';
  end if;

  -- Another member of the bucket may claim the same reference at this moment; then one of the two waits here.
  insert into ledger.award (bucket, award_id, wallet_id, asset, partner_id, kind, reference, subject, detail,
    fingerprint, lots, awarded_at)
  values (p_bucket, p_award, p_wallet, p_house_asset, p_partner, p_kind, p_reference, p_subject, p_detail,
    p_fingerprint, array(select lot_id from unnest(p_lots) with ordinality as i (
      bucket, purchase_id, lot_id, rule_id, funder_id, asset, amount, due_at, due_as, expires_at, notice_days,
      grace_days, breakage, breakage_owner, gives_to, gives_minor, n) order by n), v_at)
  on conflict (bucket, partner_id, kind, reference) do nothing;
  if not found then return '{"code": "reference_used"}'; end if;

  for l in select * from unnest(p_lots) loop
    update ledger.wallet set pending = pending + l.amount, version = version + 1
     where bucket = p_bucket and wallet_id = p_wallet and asset = l.asset
    returning * into w;
    insert into ledger.lot (bucket, lot_id, wallet_id, asset, funder_id, rule_id, cause_id, amount, pending, remaining,
      open, earned_at, due_at, due_as, expires_at, notice_days, grace_days, breakage, breakage_owner, gives_to,
      gives_minor)
    values (p_bucket, l.lot_id, p_wallet, l.asset, l.funder_id, l.rule_id, p_award, l.amount, l.amount, 0, false, v_at,
      l.due_at, l.due_as, l.expires_at, l.notice_days, l.grace_days, l.breakage, l.breakage_owner, l.gives_to,
      coalesce(l.gives_minor, 0));
    v_moves := v_moves || ledger.move(p_bucket, l.lot_id, 'earn', 'contingent', 'pending', l.amount, w, l.funder_id,
      null, l.asset, l.lot_id, p_award, p_partner, v_at);
  end loop;
  v_posted.bucket := p_bucket;
  v_posted.purchase_id := p_award;
  v_posted.wallet_id := p_wallet;
  v_posted.explanation := p_explanation;
  v_posted.facts := p_facts;
  perform ledger.post_given(array[p_bucket], array[v_posted], p_grants, p_draws, p_benefits, v_at);
  perform ledger.promise_gifts(array[p_bucket], p_gifts, array[v_posted], v_at);
  update ledger.wallet set facts = facts + 1
   where bucket = p_bucket and wallet_id = p_wallet and asset = p_house_asset;
  perform ledger.tell(p_bucket, p_award, 'award.posted', p_wallet, p_award, v_at, null);
  perform ledger.post_moves(p_bucket, v_moves);
  return jsonb_build_object('code', 'posted', 'replayed', false, 'award_id', p_award);
end $$;

-- Takes an award back, whole and once; what it gave is taken from where it is, as with a return. Lots, grants and
-- releases that are null mean all of them. Whoever asks for it again under another id is told that it is done: the
-- answer is a replay that names the first reversal.
create or replace function ledger.reverse_award(
  p_bucket smallint, p_award uuid, p_return uuid, p_fingerprint uuid, p_lots ledger.return_lot_in[],
  p_grants ledger.return_grant_in[], p_releases ledger.release_in[], p_reason text, p_deficit_max bigint,
  p_loss_bearer text, p_operator uuid, p_at timestamptz default null)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_at timestamptz := coalesce(p_at, clock_timestamp());
  a ledger.award;
  v_lots ledger.return_lot_in[] := coalesce(p_lots, array(
    select row(l.lot_id, l.amount)::ledger.return_lot_in from ledger.award o
      join ledger.lot l on l.bucket = o.bucket and l.lot_id = any (o.lots)
     where o.bucket = p_bucket and o.award_id = p_award
    union all
    select row(gift_id, amount)::ledger.return_lot_in from ledger.gift
     where bucket = p_bucket and cause_id = p_award));
  v_grants ledger.return_grant_in[] := coalesce(p_grants, array(
    select row(line_no, version_id, granted_minor)::ledger.return_grant_in from ledger.grant
     where bucket = p_bucket and cause_id = p_award and granted_minor > 0));
  v_releases ledger.release_in[] := coalesce(p_releases, array(
    select row(budget_id, amount)::ledger.release_in from ledger.budget_draw
     where bucket = p_bucket and cause_id = p_award));
begin
  select * into a from ledger.award where bucket = p_bucket and award_id = p_award;
  if not found then return '{"code": "not_found"}'; end if;
  perform ledger.lock_for_return(p_bucket, a.wallet_id, v_releases);
  select * into a from ledger.award where bucket = p_bucket and award_id = p_award;
  if a.reversed_at is not null then
    return ledger.posted_before(a.return_id <> p_return or a.return_fingerprint = p_fingerprint, a.reversed_at,
             jsonb_build_object('award_id', p_award, 'return_id', a.return_id));
  end if;
  if (select coalesce(sum(reversed_minor), 0) from unnest(v_lots))
     <> (select coalesce(sum(amount), 0) from ledger.lot where bucket = p_bucket and lot_id = any (a.lots))
      + (select coalesce(sum(amount), 0) from ledger.gift where bucket = p_bucket and cause_id = p_award) then
    raise exception 'award % goes back whole or not at all', p_award using errcode = '22023';
  end if;
  perform ledger.take_back(p_bucket, a.wallet_id, p_award, p_return, null, v_lots, a.partner_id, p_deficit_max,
            p_loss_bearer, p_operator, v_at);
  perform ledger.take_back_grants(p_bucket, a.wallet_id, p_award, p_return, v_grants, v_releases);
  -- What it gave that is no money is over from now on, unless it was used.
  update ledger.benefit set expires_at = v_at
   where bucket = p_bucket and wallet_id = a.wallet_id and cause_id = p_award and used_at is null
     and (expires_at is null or expires_at > v_at);
  update ledger.wallet set facts = facts + 1
   where bucket = p_bucket and wallet_id = a.wallet_id and asset = a.asset;
  update ledger.award
     set reversed_at = v_at, return_id = p_return, return_fingerprint = p_fingerprint, return_reason = p_reason
   where bucket = p_bucket and award_id = p_award;
  perform ledger.tell(p_bucket, p_return, 'award.reversed', a.wallet_id, p_award, v_at, null);
  return jsonb_build_object('code', 'posted', 'replayed', false, 'award_id', p_award, 'return_id', p_return);
end $$;
