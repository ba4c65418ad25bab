-- What must be known of each delivery of $1 (a list of: n, bucket, wallet, merchant, subscription, asset, opened_in,
-- which is where the subscription's reference is claimed, reference, claimed_in): whether the sale stands already, the
-- wallet's facts, the subscription if it was opened, for whom, and its deliveries that did not come back whole.
with item as (
  select * from jsonb_to_recordset($1::jsonb) as i (
    n int, bucket smallint, wallet uuid, merchant uuid, subscription text, asset smallint, opened_in smallint,
    reference text, claimed_in smallint))
select i.n, w.facts, s.reference, s.asset, s.deliveries, s.total_minor, s.rhythm, s.amounts,
       s.cancelled_at is not null as cancelled,
       exists (select 1 from ledger.claim c
                 join ledger.subscription o on o.bucket = get_byte(uuid_send(c.purchase_id), 15)
                  and o.subscription_id = c.purchase_id and o.wallet_id <> i.wallet
                where c.bucket = i.opened_in and c.merchant_id = i.merchant
                  and c.reference = E'subscription\n' || i.subscription) as foreign_one,
       exists (select 1 from ledger.claim c
                 join ledger.purchase p on p.bucket = get_byte(uuid_send(c.purchase_id), 15)
                  and p.purchase_id = c.purchase_id
                where c.bucket = i.claimed_in and c.merchant_id = i.merchant and c.reference = i.reference) as stands,
       (select coalesce(jsonb_agg(jsonb_build_array(p.delivery, p.total_minor) order by p.delivery), '[]')
          from ledger.delivered p
         where p.bucket = i.bucket and p.wallet_id = i.wallet and p.merchant_id = i.merchant
           and p.subscription = i.subscription) as kept
  from item i
  left join ledger.wallet w on w.bucket = i.bucket and w.wallet_id = i.wallet and w.asset = i.asset
  left join ledger.subscription s on s.bucket = i.bucket and s.wallet_id = i.wallet and s.merchant_id = i.merchant
   and s.reference = i.subscription
 order by i.n
