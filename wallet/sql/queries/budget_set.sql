-- Sets a budget's cap and its warnings; answers its id, or nothing if more is allotted than the cap allows.
insert into coalition.budget as b (budget_id, kind, subject_id, asset, cap_minor, alerts)
values ($1, $2, $3, $4, $5, $6)
on conflict (budget_id) do update set cap_minor = excluded.cap_minor, alerts = excluded.alerts
 where b.allotted_minor <= excluded.cap_minor
returning budget_id
