-- How many of these transactions still hold their lock on the transfers. A lock is released only
-- after the rows of its transaction can be seen by everybody.
select count(*)
  from pg_locks
 where virtualtransaction = any ($1::text[]) and relation = 'ledger.transfer'::regclass
   and mode = 'RowExclusiveLock'
