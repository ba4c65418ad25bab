-- At most $1 places of final rankings that may win and whose prize nobody has settled yet, with whose they are.
select f.contest_id, f.period, f.version_id, r.place, m.member_id, m.wallet_id, m.display_name, m.email, m.status,
       m.created_at
  from coalition.contest_freeze f
  join coalition.contest_result r on r.contest_id = f.contest_id and r.period = f.period and r.place <= 100
  join coalition.member m on m.wallet_id = r.wallet_id
 where f.winners > (select count(*) from coalition.contest_prize p
                     where p.contest_id = f.contest_id and p.period = f.period)
   and not exists (select from coalition.contest_prize p
                    where p.contest_id = r.contest_id and p.period = r.period and p.place = r.place)
 order by f.frozen_at, f.contest_id, f.period, r.place
 limit $1
