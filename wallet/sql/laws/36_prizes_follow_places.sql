-- A prize that was given is an award of whoever holds its place in a frozen ranking, and no place is frozen twice.
select p.contest_id, p.period, p.place, p.outcome, r.wallet_id, a.wallet_id as awarded
  from coalition.contest_prize p
  left join coalition.contest_result r on r.contest_id = p.contest_id and r.period = p.period and r.place = p.place
  left join ledger.award a on a.bucket = get_byte(uuid_send(p.award_id), 15) and a.award_id = p.award_id
 where r.wallet_id is null or (p.outcome = 'given') <> (a.wallet_id is not null) or a.wallet_id <> r.wallet_id
union all
select r.contest_id, r.period, max(r.place), 'frozen', null, null
  from coalition.contest_result r
  left join coalition.contest_freeze f on f.contest_id = r.contest_id and f.period = r.period
 group by r.contest_id, r.period, f.ranked
having f.ranked is null or count(distinct r.wallet_id) <> least(f.ranked, 1000) or max(r.place) <> count(*)
