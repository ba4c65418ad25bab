-- Each transfer's balances after it follow from those of the transfer before it.
select bucket, transfer_id, wallet_id
  from (select bucket, transfer_id, wallet_id, debit_kind, credit_kind, amount, pending_after, available_after,
               held_after, lag(pending_after, 1, 0::bigint) over chain as pending,
               lag(available_after, 1, 0::bigint) over chain as available,
               lag(held_after, 1, 0::bigint) over chain as held
          from ledger.transfer where wallet_id is not null
        window chain as (partition by bucket, wallet_id, asset order by wallet_version)) step
 where pending_after is distinct from
       pending + amount * ((credit_kind = 'pending')::int - (debit_kind = 'pending')::int)
    or available_after is distinct from
       available + amount * ((credit_kind = 'available')::int - (debit_kind = 'available')::int)
    or held_after is distinct from held + amount * ((credit_kind = 'held')::int - (debit_kind = 'held')::int)
