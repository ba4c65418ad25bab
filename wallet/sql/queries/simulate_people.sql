-- Members by their wallets, with what campaigns ask of a member as it stands at $1, of segments those of $2 (null:
-- all); with $3, only who is in one of them or is one of $4. With $5, their paid memberships too.
select m.wallet_id, m.member_id, m.created_at as joined_at, p.birth_date, p.tier, coalesce(s.names, '{}') as segments,
       case when $5 then array(
         select e.scheme_id from ledger.membership e
          where e.bucket = get_byte(uuid_send(m.wallet_id), 15) and e.wallet_id = m.wallet_id
            and e.started_at <= $1 and e.entitled_until > $1) else '{}' end as memberships
  from coalition.member m
  left join coalition.profile p on p.member_id = m.member_id
  left join (
    select b.member_id, array_agg(s.name) as names
      from coalition.segment s
      join coalition.segment_member b on b.segment_id = s.segment_id
     where ($2::text[] is null or s.name = any ($2)) and b.since <= $1 and (b.until is null or b.until > $1)
     group by b.member_id) s on s.member_id = m.member_id
 where not $3 or s.names is not null or m.member_id = any ($4)
