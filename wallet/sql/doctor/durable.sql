-- Whether a commit survives a crash of the machine.
select current_setting('fsync') = 'on' and current_setting('synchronous_commit') <> 'off'
       and current_setting('full_page_writes') = 'on' as well,
       format('fsync %s, synchronous_commit %s, full_page_writes %s', current_setting('fsync'),
         current_setting('synchronous_commit'), current_setting('full_page_writes')) as seen
