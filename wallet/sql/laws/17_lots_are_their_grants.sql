-- What a campaign version granted for a purchase or an award lies in the lots or gifts that it opened for it, unit by
-- unit, and what of its grants was taken back came out of them. Lots of contracts and of goodwill have no grants.
with granted as (
  select bucket, cause_id, version_id, asset, sum(granted_minor) as amount
    from ledger.grant group by bucket, cause_id, version_id, asset having sum(granted_minor) > 0
), opened as (
  select l.bucket, l.cause_id, l.rule_id as version_id, l.asset, sum(l.amount) as amount,
         coalesce(sum(r.reversed), 0) as reversed
    from ledger.lot l
    join ledger.transfer t on t.bucket = l.bucket and t.transfer_id = l.lot_id and t.code = 'earn'
    left join ledger.purchase p on p.bucket = l.bucket and p.purchase_id = l.cause_id
    left join (select bucket, lot_id, sum(reversed_minor) as reversed from ledger.return_lot group by bucket, lot_id) r
      on r.bucket = l.bucket and r.lot_id = l.lot_id
   where l.rule_id is distinct from p.contract_id
   group by l.bucket, l.cause_id, l.rule_id, l.asset
  union all
  select g.bucket, g.cause_id, g.rule_id, g.asset, sum(g.amount), coalesce(sum(r.reversed), 0)
    from ledger.gift g
    left join (select bucket, gift_id, sum(reversed_minor) as reversed from ledger.gift_return group by bucket, gift_id)
              r on r.bucket = g.bucket and r.gift_id = g.gift_id
   group by g.bucket, g.cause_id, g.rule_id, g.asset
), back as (
  select bucket, cause_id, version_id, sum(reversed_minor) as reversed
    from ledger.grant_return group by bucket, cause_id, version_id)
select bucket, cause_id, version_id, asset, g.amount as granted, o.amount as in_lots
  from granted g full join opened o using (bucket, cause_id, version_id, asset)
  left join back b using (bucket, cause_id, version_id)
 where g.amount is distinct from o.amount or coalesce(b.reversed, 0) is distinct from o.reversed
