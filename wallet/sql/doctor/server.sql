-- Which PostgreSQL this is.
select current_setting('server_version_num')::int >= 150000 as well, current_setting('server_version') as seen
