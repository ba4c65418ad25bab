-- What milestones go by besides purchases, of one wallet ($1, $2, its row of the house's asset $3): the state of its
-- facts, what was done since $4, the member's segments at $5, and the newest $7 completions of the milestones $6, with
-- whether their awards and their tickets stand.
select w.facts, w.state,
       (select jsonb_agg(jsonb_build_array(a.activity_id, a.merchant_id, a.kind, a.name, a.happened_at))
          from (select activity_id, merchant_id, kind, name, happened_at from ledger.activity
                 where bucket = $1 and wallet_id = $2 and happened_at >= $4
                 union all
                -- A finished quiz is one, and a round of a game too, by its name; a quiz is the operator's.
                select p.play_id, coalesce(p.merchant_id, h.operator_id),
                       case p.kind when 'quiz' then 'quiz' else 'custom' end, s.name, p.happened_at
                  from ledger.play p join coalition.scheme s using (scheme_id) cross join coalition.programme h
                 where p.bucket = $1 and p.wallet_id = $2 and p.happened_at >= $4
                 order by happened_at desc limit $8) a) as activities,
       array(select s.name from coalition.segment_member b join coalition.segment s on s.segment_id = b.segment_id
             where b.member_id = (select m.member_id from coalition.member m where m.wallet_id = $2)
               and b.since <= $5 and (b.until is null or b.until > $5)) as segments,
       (select jsonb_agg(jsonb_build_array(c.completion_id, c.milestone_id, c.version_id, c.period, c.nth, c.reached_at,
                 c.taken_back_at, c.award_id, a.award_id is not null, a.reversed_at is not null,
                 t.number is not null, coalesce(t.free, false))
                 order by c.reached_at, c.completion_id)
          from (select * from ledger.completion
                 where bucket = $1 and wallet_id = $2 and milestone_id = any ($6)
                 order by reached_at desc, completion_id desc limit $7) c
          left join ledger.award a on a.bucket = $1 and a.award_id = c.award_id
          left join lateral (
            select max(number) as number, bool_or(used_at is null and withdrawn_at is null) as free from ledger.ticket
             where bucket = $1 and wallet_id = $2 and source = 'milestone' and source_id = c.completion_id) t on true)
         as completions
  from ledger.wallet w
 where w.bucket = $1 and w.wallet_id = $2 and w.asset = $3
