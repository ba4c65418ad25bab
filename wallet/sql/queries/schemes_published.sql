-- All schemes and their versions, of one snapshot and with the epoch of the programme.
select p.epoch,
       (select coalesce(json_agg(json_build_array(s.scheme_id, s.kind, s.created_at)
                                 order by s.created_at, s.scheme_id), '[]') from coalition.scheme s) as schemes,
       (select coalesce(json_agg(v order by v.scheme_id, v.version), '[]') from coalition.scheme_version v) as versions
  from coalition.programme p
