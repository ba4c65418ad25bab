-- What versions $1 gave, before anything came back: to which members, in how many purchases, how much.
select g.version_id, array_agg(distinct m.member_id) as members, count(distinct g.cause_id) as purchases,
       sum(g.granted_minor)::bigint as granted_minor
  from ledger."grant" g
  join coalition.member m on m.wallet_id = g.wallet_id
 where g.version_id = any ($1) and g.granted_minor > 0
 group by g.version_id
