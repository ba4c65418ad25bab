-- What came to charities and what became of it, by charity and asset, summed up over the books alone: who gave it, what
-- of it is due, in a batch, sent and confirmed. $2 is one charity or null for all, $3 the operator.
with leg as (
  select credit_owner as charity_id, asset, code, debit_owner as funder_id, amount
    from ledger.transfer
   where bucket = any ($1) and credit_owner = coalesce($2, credit_owner) and credit_kind = 'due'
  union all
  select debit_owner, asset, code, credit_owner, -amount
    from ledger.transfer
   where bucket = any ($1) and debit_owner = coalesce($2, debit_owner) and debit_kind = 'due'
), came as (
  select charity_id, asset,
         coalesce(sum(amount) filter (where code = 'donate'), 0)::bigint as members_minor,
         coalesce(sum(amount) filter (where code in ('share', 'unshare')), 0)::bigint as shares_minor,
         coalesce(sum(amount) filter (where code in ('gift', 'ungift', 'match') and funder_id <> $3), 0)::bigint
           as merchants_minor,
         coalesce(sum(amount) filter (where code in ('gift', 'ungift', 'match') and funder_id = $3), 0)::bigint
           as operator_minor,
         coalesce(sum(amount) filter (where code = 'match'), 0)::bigint as matched_minor,
         coalesce(sum(amount) filter (where code in ('expire_charity', 'unexpire_charity')), 0)::bigint
           as expired_minor,
         coalesce(sum(amount), 0)::bigint as due_minor
    from leg group by charity_id, asset
), batch as (
  -- While a batch is gone through bucket by bucket, its lines say how far it has come.
  select charity_id, asset, case when state in ('preparing', 'cancelling') then 'prepared' else state end as state,
         case when state in ('preparing', 'cancelling') then (
           select coalesce(sum(l.amount), 0) from ledger.remittance_line l
            where l.bucket = any ($1) and l.remittance_id = r.remittance_id and l.cancelled_at is null)
         else amount_minor end as minor
    from coalition.remittance r where $2::uuid is null or charity_id = $2
), paid as (
  select charity_id, asset, coalesce(sum(minor) filter (where state = 'prepared'), 0)::bigint as prepared_minor,
         coalesce(sum(minor) filter (where state = 'sent'), 0)::bigint as sent_minor,
         coalesce(sum(minor) filter (where state = 'confirmed'), 0)::bigint as confirmed_minor
    from batch group by charity_id, asset
), kind as (
  select charity_id, asset, jsonb_agg(jsonb_build_array(in_kind, units) order by in_kind) as in_kind
    from (select charity_id, asset, in_kind, sum(units)::bigint as units
            from (select charity_id, asset, in_kind, div(sum(given), unit_minor) as units
                    from ledger.gift
                   where bucket = any ($1) and in_kind is not null and ($2::uuid is null or charity_id = $2)
                   group by charity_id, asset, in_kind, unit_minor) each
           group by charity_id, asset, in_kind) kinds
   where units > 0 group by charity_id, asset)
select c.charity_id, h.name, c.asset, c.members_minor, c.shares_minor, c.merchants_minor, c.operator_minor,
       c.matched_minor, c.expired_minor, c.due_minor, coalesce(p.prepared_minor, 0) as prepared_minor,
       coalesce(p.sent_minor, 0) as sent_minor, coalesce(p.confirmed_minor, 0) as confirmed_minor,
       coalesce(k.in_kind, '[]') as in_kind
  from came c
  left join paid p using (charity_id, asset)
  left join kind k using (charity_id, asset)
  left join coalition.charity h using (charity_id)
 order by h.name nulls last, c.charity_id, c.asset
 limit $4
