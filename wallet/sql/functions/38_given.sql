-- Writes what campaigns gave for purchases or awards that are being posted: the grants, what the member had of each
-- campaign that day, what was drawn from the buckets' shares of the budgets, benefits, used coupons and explanations.
-- The caller holds the wallets' locks and the shares', and has judged; of p_posted only ids, wallets, coupons and
-- explanations are read, and rows of others are left out. It is not granted to the application.
create or replace function ledger.post_given(
  p_buckets smallint[], p_posted ledger.purchase_in[], p_grants ledger.grant_in[], p_draws ledger.draw_in[],
  p_benefits ledger.benefit_in[], p_at timestamptz)
returns void language plpgsql as $$
begin
  with granting as (
    select g.*, i.wallet_id
      from unnest(p_grants) g join unnest(p_posted) i on i.bucket = g.bucket and i.purchase_id = g.purchase_id
  ), grants as (
    insert into ledger.grant (bucket, cause_id, line_no, version_id, campaign_id, wallet_id, asset, base_minor,
      desired_minor, granted_minor, day)
    select bucket, purchase_id, line_no, version_id, campaign_id, wallet_id, asset, base_minor, desired_minor,
           granted_minor, day from granting
  )
  insert into ledger.usage as u (bucket, wallet_id, campaign_id, day, granted_minor, times)
  select bucket, wallet_id, campaign_id, day, sum(granted_minor)::bigint, count(distinct purchase_id)
    from granting group by bucket, wallet_id, campaign_id, day
  on conflict (bucket, wallet_id, campaign_id, day) do update
    set granted_minor = u.granted_minor + excluded.granted_minor, times = u.times + excluded.times;
  with drawing as (
    select d.* from unnest(p_draws) d
      join unnest(p_posted) i on i.bucket = d.bucket and i.purchase_id = d.purchase_id where d.amount > 0
  ), draws as (
    insert into ledger.budget_draw (bucket, cause_id, budget_id, amount)
    select bucket, purchase_id, budget_id, amount from drawing
  )
  update ledger.budget_share s set consumed = s.consumed + d.total
    from (select bucket, budget_id, sum(amount)::bigint as total from drawing group by bucket, budget_id) d
   where s.bucket = d.bucket and s.budget_id = d.budget_id;
  insert into ledger.benefit (bucket, benefit_id, wallet_id, version_id, campaign_id, cause_id, kind, name, about,
    granted_at, expires_at)
  select b.bucket, b.benefit_id, i.wallet_id, b.version_id, b.campaign_id, b.purchase_id, b.kind, b.name, b.about, p_at,
         b.expires_at
    from unnest(p_benefits) b join unnest(p_posted) i on i.bucket = b.bucket and i.purchase_id = b.purchase_id;
  update ledger.benefit b set used_at = p_at, used_by = c.purchase_id
    from (select i.bucket, i.purchase_id, c.benefit_id from unnest(p_posted) i
           cross join unnest(i.coupons) c (benefit_id)) c
   where b.bucket = c.bucket and b.benefit_id = c.benefit_id;
  insert into ledger.explanation (bucket, cause_id, wallet_id, document, facts)
  select bucket, purchase_id, wallet_id, explanation, facts from unnest(p_posted) where explanation is not null;
end $$;
