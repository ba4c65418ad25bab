-- Which migration the tables have, and whether it is the newest of this code.
select version_num = $1 as well, format('migration %s, this code has %s', version_num, $1) as seen
  from coalition.migration
