-- Records one step of a campaign and the budget that it brings ($12, or null), if nothing has changed since its caller
-- looked ($1 is the epoch that it saw) and no more of the budget is allotted than its cap allows. Whoever comes second
-- waits for the programme's row, finds another epoch, writes nothing and gets no row.
with held as materialized (
  select epoch from coalition.programme where epoch = $1 for update
), funded as (
  insert into coalition.budget as b (budget_id, kind, subject_id, asset, cap_minor, alerts)
  select $12, 'campaign', $3, $13, $14, $15 from held where $12::uuid is not null
  on conflict (budget_id) do update set cap_minor = excluded.cap_minor, alerts = excluded.alerts
   where b.allotted_minor <= excluded.cap_minor
  returning budget_id
), bumped as (
  update coalition.programme p set epoch = p.epoch + 1 from held
   where p.epoch = held.epoch and ($12::uuid is null or exists (select from funded)) returning p.epoch
)
insert into coalition.campaign_change
       (change_id, campaign_id, epoch, act, version_id, replaced_id, effective_at, recorded_at, reason, actor_kind,
        actor_id)
select $2, $3, epoch, $4, $5, $6, $7, $8, $9, $10, $11 from bumped
returning epoch
