-- What a spin won is what its turn gave; each turn has its spin, turns are numbered without gaps in their epoch, and so
-- are the units of a prize.
select 'spin' as what, coalesce(s.spin_id, t.ticket_id) as id
  from ledger.spin s full join coalition.draw_turn t on t.ticket_id = s.ticket_id
 where s.spin_id is null or (t.draw_id, t.client_seed) is distinct from
                            (case when t.ticket_id is not null then s.draw_id end,
                             case when t.ticket_id is not null then s.client_seed end)
    or (s.settled_at is not null and (s.epoch, s.number, s.prize) is distinct from (t.epoch, t.number, t.given))
union all
select 'epoch', s.draw_id
  from coalition.draw_seed s left join coalition.draw_turn t on t.draw_id = s.draw_id and t.epoch = s.epoch
 group by s.draw_id, s.epoch, s.spins
having count(t.number) <> s.spins or coalesce(max(t.number), 0) <> s.spins
union all
select 'unit', draw_id from coalition.draw_turn group by draw_id, drawn having coalesce(max(unit), 0) <> count(unit)
