-- Which migration the tables have.
select version_num >= '0002' as well, 'migration ' || version_num as seen from coalition.migration
