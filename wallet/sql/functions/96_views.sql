-- What lots did, one row per lot and transfer: from which face to which, whether the transfer names the lot itself or
-- its draws do. The laws read the books through this view.
create or replace view ledger.lot_movement as
select t.bucket, t.wallet_id, t.asset, t.lot_id, t.transfer_id, t.cause_id, t.code, t.debit_kind, t.credit_kind,
       t.amount
  from ledger.transfer t where t.lot_id is not null and t.wallet_id is not null
union all
select t.bucket, t.wallet_id, t.asset, d.lot_id, t.transfer_id, t.cause_id, t.code, t.debit_kind, t.credit_kind,
       d.amount
  from ledger.draw d join ledger.transfer t on t.bucket = d.bucket and t.transfer_id = d.transfer_id;

-- Each gift card with what of its maximum is in use, and what it may hold while it is open: what is free in the wallet,
-- and no more than is left of the maximum.
create or replace view ledger.card_standing as
select c.bucket, c.card_id, c.wallet_id, c.merchant_id, c.asset, c.code_hash, c.ending, c.listed, c.maximum,
       c.created_at, c.expires_at, c.ended_at, u.used,
       case when w.state <> 'open' or k.locked then 0
            else greatest(least(w.credited - w.debited - w.held, c.maximum - u.used), 0) end as room
  from ledger.gift_card c
  join ledger.wallet w on w.bucket = c.bucket and w.wallet_id = c.wallet_id and w.asset = c.asset
  left join ledger.spend_lock k on k.bucket = c.bucket and k.wallet_id = c.wallet_id
  cross join lateral (
    select coalesce(sum(r.amount - r.released - r.refunded), 0)::bigint as used
      from ledger.card_operation o
      join ledger.redemption r on r.bucket = o.bucket and r.redemption_id = o.redemption_id
     where o.bucket = c.bucket and o.card_id = c.card_id and o.kind = 'debit') u;
