-- A merchant's reference stands for one purchase, and that purchase stands in the claim.
select merchant_id, reference, count(*) as purchases
  from ledger.purchase group by merchant_id, reference having count(*) > 1
union all
select p.merchant_id, p.reference, 0
  from ledger.purchase p
  left join ledger.claim c on c.merchant_id = p.merchant_id and c.reference = p.reference
   and c.purchase_id = p.purchase_id and c.wallet_id = p.wallet_id
 where c.purchase_id is null
