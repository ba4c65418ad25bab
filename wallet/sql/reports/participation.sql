-- How members take part, counted: by tier, by why tiers changed, by milestone, and what there is of draws and gifts.
select (select coalesce(jsonb_object_agg(tier, n), '{}')
          from (select tier, count(*) as n from ledger.standing group by tier) t) as tiers,
       (select coalesce(jsonb_object_agg(why, n), '{}')
          from (select why, count(*) as n from ledger.tier_change group by why) t) as changes,
       (select coalesce(jsonb_object_agg(milestone_id, n), '{}')
          from (select milestone_id, count(*) as n from ledger.completion
                 where taken_back_at is null group by milestone_id) t) as milestones,
       (select count(*) from ledger.completion where taken_back_at is not null) as taken_back,
       (select count(*) from ledger.ticket) as tickets,
       (select count(*) from ledger.entry) as entries,
       (select count(*) from ledger.award where kind = 'draw') as prizes,
       (select count(*) from ledger.donation) as donations
