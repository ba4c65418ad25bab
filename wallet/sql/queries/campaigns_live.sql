-- All that campaigns go by, of one snapshot and with its epoch: whatever was ever published and its changes, the
-- versions among them that the caller has not read yet (not in $1), the programme's rules, and the evidence for labels.
select p.epoch,
       (select coalesce(json_agg(json_build_array(c.campaign_id, c.merchant_id, c.name)
                                 order by c.created_at, c.campaign_id), '[]')
          from coalition.campaign c
         where exists (select from coalition.campaign_change h where h.campaign_id = c.campaign_id)) as campaigns,
       (select coalesce(json_agg(h order by h.epoch), '[]') from coalition.campaign_change h) as changes,
       (select coalesce(json_agg(json_build_array(v.version_id, v.definition)), '[]')
          from coalition.campaign_version v
         where v.version_id in (select h.version_id from coalition.campaign_change h)
           and not v.version_id = any($1::uuid[])) as versions,
       (select coalesce(json_agg(r order by r.version), '[]') from coalition.programme_version r) as rules,
       (select coalesce(json_agg(json_build_array(e.merchant_id, e.product, e.label, e.valid_from, e.valid_until)),
                        '[]')
          from coalition.label_evidence e) as evidence
  from coalition.programme p
