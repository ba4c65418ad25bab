-- Records one step of a campaign, if nothing has changed since its caller looked ($1 is the epoch that it saw). Whoever
-- comes second waits for the programme's row, finds another epoch, writes nothing and gets no row.
with bumped as (
  update coalition.programme set epoch = epoch + 1 where epoch = $1 returning epoch
)
insert into coalition.campaign_change
       (change_id, campaign_id, epoch, act, version_id, replaced_id, effective_at, recorded_at, reason, actor_kind,
        actor_id)
select $2, $3, epoch, $4, $5, $6, $7, $8, $9, $10, $11 from bumped
returning epoch
