-- Keep new offers of campaign $1; the same again changes nothing.
insert into coalition.offer (member_id, campaign_id, category, bps, reason, scorer, scorer_version, valid_from,
                             valid_until)
select n.member_id, $1, n.category, n.bps, n.reason, $2, $3, $4, $5
  from unnest($6::uuid[], $7::text[], $8::smallint[], $9::jsonb[]) as n (member_id, category, bps, reason)
 order by n.member_id, n.category
    on conflict do nothing
