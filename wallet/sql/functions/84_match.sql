-- Matching: a funder gives on top of what a member gave to a charity. Written once for each gift of a member and each
-- scheme, under the member's wallet and the bucket's share of the scheme's budget. What was decided rests on what the
-- member had of the scheme before and on what is left of its budget; if one of them moved on it answers `stale`.
create or replace function ledger.match_donation(
  p_bucket smallint, p_match uuid, p_donation uuid, p_wallet uuid, p_scheme uuid, p_version uuid, p_funder uuid,
  p_charity uuid, p_asset smallint, p_desired bigint, p_amount bigint, p_cut_by text, p_budget uuid, p_day date,
  p_since date, p_had bigint, p_at timestamptz default null)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_at timestamptz := coalesce(p_at, clock_timestamp());
  nobody ledger.wallet;
  s ledger.budget_share;
begin
  perform 1 from ledger.wallet where bucket = p_bucket and wallet_id = p_wallet order by asset for no key update;
  select * into s from ledger.budget_share where bucket = p_bucket and budget_id = p_budget for no key update;
  if exists (select 1 from ledger.match where bucket = p_bucket and match_id = p_match) then
    return '{"code": "posted", "replayed": true}';
  end if;
  if (select coalesce(sum(amount), 0) from ledger.match
       where bucket = p_bucket and wallet_id = p_wallet and scheme_id = p_scheme and asset = p_asset
         and day >= p_since) <> p_had
     or p_amount > coalesce(s.allotted - s.consumed, 0)
  then
    return '{"code": "stale", "replayed": false}';
  end if;
  insert into ledger.match (bucket, match_id, donation_id, wallet_id, scheme_id, version_id, funder_id, charity_id,
    asset, desired_minor, amount, cut_by, day, matched_at)
  values (p_bucket, p_match, p_donation, p_wallet, p_scheme, p_version, p_funder, p_charity, p_asset, p_desired,
    p_amount, p_cut_by, p_day, v_at);
  if p_amount > 0 then
    insert into ledger.budget_draw (bucket, cause_id, budget_id, amount)
    values (p_bucket, p_match, p_budget, p_amount);
    update ledger.budget_share set consumed = consumed + p_amount where bucket = p_bucket and budget_id = p_budget;
  end if;
  perform ledger.tell(p_bucket, p_match, 'donation.matched', p_wallet, p_match, v_at,
            jsonb_build_object('amount', p_amount, 'desired', p_desired, 'charity_id', p_charity, 'funder_id',
              p_funder));
  if p_amount > 0 then
    perform ledger.post_moves(p_bucket, array[
      ledger.move(p_bucket, p_match, 'match', 'issued', 'due', p_amount, nobody, p_funder, p_charity, p_asset, null,
        p_donation, p_funder, v_at)]);
  end if;
  return '{"code": "posted", "replayed": false}';
end $$;
