-- What one member gave to charities and what was given because of them, by charity and asset: $1 is the bucket, $2 the
-- wallet. Gifts that are promised and not yet due are told apart.
with given as (
  select t.credit_owner as charity_id, t.asset, sum(t.amount) filter (where t.code = 'donate') as gave,
         sum(t.amount) filter (where t.code = 'share') as shared, null::numeric as caused, null::numeric as promised,
         null::numeric as matched
    from ledger.transfer t
   where t.bucket = $1 and t.wallet_id = $2 and t.code in ('donate', 'share') group by 1, 2
  union all
  -- What went back of it, by the lots of the wallet: the movements themselves name no wallet, and would all be read.
  select t.credit_owner, t.asset, null, -sum(r.from_given_minor), null, null, null
    from ledger.transfer t join ledger.return_lot r on r.bucket = t.bucket and r.lot_id = t.lot_id
   where t.bucket = $1 and t.wallet_id = $2 and t.code = 'share' group by 1, 2
  union all
  select charity_id, asset, null, null, sum(given), sum(promised), null
    from ledger.gift where bucket = $1 and wallet_id = $2 group by 1, 2
  union all
  select charity_id, asset, null, null, null, null, sum(amount)
    from ledger.match where bucket = $1 and wallet_id = $2 group by 1, 2)
select g.charity_id, h.name, g.asset, coalesce(sum(gave), 0)::bigint as gave_minor,
       coalesce(sum(shared), 0)::bigint as shared_minor, coalesce(sum(caused), 0)::bigint as caused_minor,
       coalesce(sum(promised), 0)::bigint as promised_minor, coalesce(sum(matched), 0)::bigint as matched_minor
  from given g left join coalition.charity h using (charity_id)
 group by g.charity_id, h.name, g.asset order by h.name nulls last, g.charity_id, g.asset
 limit $3
