-- Members by their wallets, with what campaigns ask of a member as it stands at $1, of segments those of $2 (null:
-- all); with $3, only who is in one of them or is one of $4. With $5, their paid memberships too. Tiers are those of
-- the last look; the programme's own ladder is the oldest that holds everywhere, and where there is none, the word on
-- the profile counts.
with house as (
  select s.scheme_id, v.definition #>> '{tiers,0,word}' as lowest
    from coalition.scheme s
   cross join lateral (
     select definition from coalition.scheme_version
      where scheme_id = s.scheme_id and valid_from <= $1 order by version desc limit 1) v
   where s.kind = 'ladder' and v.definition -> 'merchants' = '[]'
   order by s.created_at, s.scheme_id limit 1
), stands as (
  select wallet_id, jsonb_object_agg(scheme_id, tier) as tiers from ledger.standing group by wallet_id)
select m.wallet_id, m.member_id, m.created_at as joined_at, p.birth_date,
       case when h.scheme_id is null then p.tier else coalesce(t.tiers ->> h.scheme_id::text, h.lowest) end as tier,
       coalesce(t.tiers, '{}') as tiers, coalesce(s.names, '{}') as segments,
       case when $5 then array(
         select e.scheme_id from ledger.membership e
          where e.bucket = get_byte(uuid_send(m.wallet_id), 15) and e.wallet_id = m.wallet_id
            and e.started_at <= $1 and e.entitled_until > $1) else '{}' end as memberships
  from coalition.member m
  left join house h on true
  left join stands t on t.wallet_id = m.wallet_id
  left join coalition.profile p on p.member_id = m.member_id
  left join (
    select b.member_id, array_agg(s.name) as names
      from coalition.segment s
      join coalition.segment_member b on b.segment_id = s.segment_id
     where ($2::text[] is null or s.name = any ($2)) and b.since <= $1 and (b.until is null or b.until > $1)
     group by b.member_id) s on s.member_id = m.member_id
 where not $3 or s.names is not null or m.member_id = any ($4)
