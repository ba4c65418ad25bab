-- Each thing that a store asked of a card moved just what it says, in the card's wallet and at its merchant; no more
-- was cancelled than was let go, and never more than the card's maximum is in use.
with asked as (
  select o.bucket, o.operation_id, o.card_id, o.redemption_id, o.kind, o.amount, o.refunded,
         case when t.code in ('hold', 'capture', 'refund') then t.code end as code, t.amount as moved,
         r.wallet_id = g.wallet_id and r.asset = g.asset and r.merchant_id = g.merchant_id as ours
    from ledger.card_operation o
    left join ledger.gift_card g on g.bucket = o.bucket and g.card_id = o.card_id
    left join ledger.redemption r on r.bucket = o.bucket and r.redemption_id = o.redemption_id
    left join ledger.transfer t on t.bucket = o.bucket and t.transfer_id = o.operation_id
         and t.cause_id = o.redemption_id)
select bucket, operation_id as id, kind, amount, code, moved
  from asked
 where ours is not true
    or code is distinct from case when kind = 'debit' then 'hold' when kind = 'settlement' then 'capture'
                                  when refunded > 0 then 'refund' end
    or (code is not null and moved <> case when kind in ('debit', 'settlement') then amount else refunded end)
union all
select bucket, redemption_id, 'cancelled', sum(o.released), r.state, r.released
  from ledger.card_operation o join ledger.redemption r using (bucket, redemption_id)
 group by bucket, redemption_id, r.state, r.released having sum(o.released) > r.released
union all
select bucket, card_id, 'maximum', g.maximum, null, sum(r.amount - r.released - r.refunded)
  from ledger.gift_card g join ledger.card_operation o using (bucket, card_id)
  join ledger.redemption r using (bucket, redemption_id)
 where o.kind = 'debit'
 group by bucket, card_id, g.maximum having sum(r.amount - r.released - r.refunded) > g.maximum
