-- A wallet and its newest movements below a version, with the names of the partners: one row, one round trip.
select w.wallet_id, w.asset, w.pending, w.credited - w.debited - w.held as available, w.held, w.version, w.state,
       (select coalesce(max(n), 0) from ledger.happening h
         where h.bucket = w.bucket and h.wallet_id = w.wallet_id) as happenings,
       (select coalesce(jsonb_agg(to_jsonb(m) order by m.version desc), '[]')
          from (select t.transfer_id as movement_id, t.code, t.debit_kind, t.credit_kind, t.amount as amount_minor,
                       t.wallet_version as version, t.pending_after as pending_minor,
                       t.available_after as available_minor, t.held_after as held_minor, t.cause_id, t.partner_id,
                       coalesce(p.name, h.name) as partner_name, t.effective_at, t.posted_at
                  from ledger.transfer t
                  left join coalition.merchant p on p.merchant_id = t.partner_id
                  left join coalition.charity h on h.charity_id = t.partner_id
                 where t.bucket = w.bucket and t.wallet_id = w.wallet_id and t.asset = w.asset
                   and t.wallet_version < $4 and ($5::text[] is null or t.code = any ($5))
                 order by t.wallet_version desc limit $6) m) as movements
  from ledger.wallet w where w.bucket = $1 and w.wallet_id = $2 and w.asset = $3
