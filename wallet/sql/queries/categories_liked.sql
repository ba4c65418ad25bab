-- The categories that are somebody's favourite, those of most members first.
select category from coalition.favourite group by category order by count(*) desc, category limit $1
