-- Budgets are held in escrow: the pool is one row, and each bucket has a share of it to give from. Both functions move
-- between the pool and one share, in one statement that locks the pool first; a purchase locks only its share.

-- Moves more of the pool into the bucket's share: what is needed, or a 512th of what is left so that the next purchase
-- need not ask again, but never more than is left. Answers what was moved.
create or replace function ledger.budget_allot(p_bucket smallint, p_budget uuid, p_need bigint)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_moved bigint;
begin
  select least(cap_minor - allotted_minor, greatest(p_need, (cap_minor - allotted_minor) / 512)) into v_moved
    from coalition.budget where budget_id = p_budget for no key update;
  if coalesce(v_moved, 0) <= 0 then return '{"moved_minor": 0}'; end if;
  update coalition.budget set allotted_minor = allotted_minor + v_moved where budget_id = p_budget;
  insert into ledger.budget_share as s (bucket, budget_id, allotted) values (p_bucket, p_budget, v_moved)
  on conflict (bucket, budget_id) do update set allotted = s.allotted + excluded.allotted;
  return jsonb_build_object('moved_minor', v_moved);
end $$;

-- Moves what the bucket's share did not give back into the pool. Answers what was moved.
create or replace function ledger.budget_recall(p_bucket smallint, p_budget uuid)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_moved bigint;
begin
  perform 1 from coalition.budget where budget_id = p_budget for no key update;
  select allotted - consumed into v_moved
    from ledger.budget_share where bucket = p_bucket and budget_id = p_budget for no key update;
  if coalesce(v_moved, 0) <= 0 then return '{"moved_minor": 0}'; end if;
  update ledger.budget_share set allotted = allotted - v_moved where bucket = p_bucket and budget_id = p_budget;
  update coalition.budget set allotted_minor = allotted_minor - v_moved where budget_id = p_budget;
  return jsonb_build_object('moved_minor', v_moved);
end $$;
