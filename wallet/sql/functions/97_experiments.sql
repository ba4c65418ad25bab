-- A plan stands as it was registered: an experiment may only be ended, once. Who was exposed is never changed.
create or replace function ledger.keep_plan() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and old.ended_at is null
     and (to_jsonb(new) - '{ended_at,result}'::text[]) = (to_jsonb(old) - '{ended_at,result}'::text[]) then
    return new;
  end if;
  raise exception 'coalition.experiment keeps its plans; register another experiment' using errcode = '42501';
end $$;

create or replace trigger plan_stands before update or delete on coalition.experiment
  for each row execute function ledger.keep_plan();
create or replace trigger plans_stay before truncate on coalition.experiment
  for each statement execute function ledger.refuse_change();
