-- An opened subscription lies with its wallet; of what was reported while it was open, each number was delivered and
-- kept once, none is beyond what was paid for, and all of it together is no more than that. A delivery that came back
-- whole is as if it had not been made.
with kept as (
  select s.bucket, s.subscription_id, d.delivery, d.total_minor, d.reported_at >= s.opened_at as within
    from ledger.subscription s
    join ledger.delivered d on d.bucket = s.bucket and d.wallet_id = s.wallet_id and d.merchant_id = s.merchant_id
     and d.subscription = s.reference)
select s.bucket, s.subscription_id, 'place' as what
  from ledger.subscription s
 where s.bucket <> get_byte(uuid_send(s.subscription_id), 15) or s.bucket <> get_byte(uuid_send(s.wallet_id), 15)
union all
select bucket, subscription_id, 'twice'
  from kept group by bucket, subscription_id, delivery having count(*) > 1 and bool_or(within)
union all
select s.bucket, s.subscription_id, 'beyond'
  from ledger.subscription s
  join ledger.purchase p on p.bucket = s.bucket and p.wallet_id = s.wallet_id and p.merchant_id = s.merchant_id
   and p.subscription = s.reference
 where (p.delivery > s.deliveries and p.reported_at >= s.opened_at) or p.reported_at > s.cancelled_at
union all
select s.bucket, s.subscription_id, 'amount'
  from ledger.subscription s
  join (select bucket, subscription_id, sum(total_minor) as made
          from kept group by bucket, subscription_id having bool_and(within)) k
    on k.bucket = s.bucket and k.subscription_id = s.subscription_id
 where k.made > s.total_minor
