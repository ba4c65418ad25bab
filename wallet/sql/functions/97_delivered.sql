-- Deliveries of subscriptions that were made and did not come back whole: what came back whole may be delivered again.
create or replace view ledger.delivered as
select p.bucket, p.wallet_id, p.merchant_id, p.subscription, p.delivery, p.purchase_id, p.total_minor, p.purchased_at,
       p.reported_at
  from ledger.purchase p
 where p.subscription is not null
   and not (p.version > 0 and p.total_minor = coalesce((
         select sum(r.amount_minor) from ledger.purchase_return_line r
          where r.bucket = p.bucket and r.purchase_id = p.purchase_id), 0));
