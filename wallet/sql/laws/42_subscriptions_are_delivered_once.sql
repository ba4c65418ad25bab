-- An opened subscription lies with its wallet; of what was reported while it was open, each number was delivered and
-- kept once, none is beyond what was paid for, and all of it together is no more than that. A delivery that came back
-- whole is as if it had not been made.
with kept as (
  select s.bucket, s.subscription_id, p.purchase_id, p.delivery, p.total_minor, p.reported_at >= s.opened_at as within,
         s.cancelled_at is not null and p.reported_at > s.cancelled_at as late,
         p.version > 0 and p.total_minor = coalesce((
           select sum(r.amount_minor) from ledger.purchase_return_line r
            where r.bucket = p.bucket and r.purchase_id = p.purchase_id), 0) as back
    from ledger.subscription s
    join ledger.purchase p
      on p.bucket = s.bucket and p.wallet_id = s.wallet_id and p.merchant_id = s.merchant_id
     and p.subscription = s.reference)
select s.bucket, s.subscription_id, 'place' as what
  from ledger.subscription s
 where s.bucket <> get_byte(uuid_send(s.subscription_id), 15) or s.bucket <> get_byte(uuid_send(s.wallet_id), 15)
union all
select bucket, subscription_id, 'twice'
  from kept where not back group by bucket, subscription_id, delivery having count(*) > 1 and bool_or(within)
union all
select k.bucket, k.subscription_id, 'beyond'
  from kept k join ledger.subscription s on s.bucket = k.bucket and s.subscription_id = k.subscription_id
 where k.within and (k.late or k.delivery > s.deliveries)
union all
select s.bucket, s.subscription_id, 'amount'
  from ledger.subscription s
  join (select bucket, subscription_id, sum(total_minor) as made, bool_and(within) as all_within
          from kept where not back group by bucket, subscription_id) k
    on k.bucket = s.bucket and k.subscription_id = s.subscription_id
 where k.all_within and k.made > s.total_minor
