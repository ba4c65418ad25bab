-- Orders at partners that only people can decide, and what hangs in suspense because a partner gave it for nothing.
select waiting = 0 and suspended = 0 as well,
       format('%s orders wait for two people, %s hang in suspense', waiting, suspended) as seen
  from (select count(*) filter (where state = 'attention') as waiting,
               count(*) filter (where state = 'suspense') as suspended
          from ledger.partner_order where state in ('attention', 'suspense')) orders
