-- The frozen list of a raffle is its entries, all of them and nothing else; whoever won or waits stands on the list,
-- and places are numbered without gaps.
select 'list' as what, l.draw_id as id
  from coalition.draw_list l
 where l.tickets is distinct from
       coalesce((select array_agg(e.ticket_id order by e.ticket_id)
                   from ledger.entry e where e.draw_id = l.draw_id), '{}')
union all
select 'place', p.draw_id
  from coalition.draw_place p left join coalition.draw_list l on l.draw_id = p.draw_id
 group by p.draw_id, l.tickets
having not coalesce(l.tickets, '{}') @> array_agg(p.ticket_id) or max(p.place) <> count(*)
