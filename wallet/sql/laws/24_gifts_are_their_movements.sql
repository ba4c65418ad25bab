-- Every gift of a member is a movement to its charity, and every such movement a gift; what a pledge gave are its
-- gifts, to its charity, of its wallet, in its way; and no pledge was carried out further than the wallet has moved.
select coalesce(d.bucket, t.bucket) as bucket, coalesce(d.donation_id, t.transfer_id) as id, 'gift' as what
  from ledger.donation d
  full join (select * from ledger.transfer where code = 'donate') t
    on t.bucket = d.bucket and t.transfer_id = d.donation_id
 where (d.wallet_id, d.asset, d.charity_id, d.amount)
       is distinct from (t.wallet_id, t.asset, t.credit_owner, t.amount)
union all
select d.bucket, d.donation_id, 'pledge of a gift'
  from ledger.donation d left join ledger.pledge p on p.bucket = d.bucket and p.pledge_id = d.pledge_id
 where d.pledge_id is not null
   and (d.wallet_id, d.asset, d.charity_id, d.kind) is distinct from (p.wallet_id, p.asset, p.charity_id, p.kind)
union all
select p.bucket, p.pledge_id, 'given of a pledge'
  from ledger.pledge p
  left join (select bucket, pledge_id, sum(amount) as amount from ledger.donation group by bucket, pledge_id) d
    on d.bucket = p.bucket and d.pledge_id = p.pledge_id
 where p.given <> coalesce(d.amount, 0)
union all
select p.bucket, p.pledge_id, 'how far a pledge was seen'
  from ledger.pledge p
  join ledger.wallet w on w.bucket = p.bucket and w.wallet_id = p.wallet_id and w.asset = p.asset
 where p.seen_version > coalesce(p.until_version, w.version)
