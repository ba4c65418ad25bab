-- Plans with their members at $1, and how many of what is paid for ends within 30, 60 and 90 days, by local days of $2.
select m.scheme_id, count(*) as members,
       count(*) filter (where m.until_day <= d.today + 30) as ends_30,
       count(*) filter (where m.until_day <= d.today + 60) as ends_60,
       count(*) filter (where m.until_day <= d.today + 90) as ends_90
  from ledger.membership m cross join (select ($1::timestamptz at time zone $2)::date as today) d
 where m.entitled_until > $1 and m.started_at <= $1
 group by m.scheme_id
