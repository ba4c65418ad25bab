-- Memberships of a bucket, by wallet ($2) or by id ($3), the newest first, at most $4, with the name of who sells them,
-- the version that began them, and the terms that count: those since the last change of plan, at most the last eight;
-- each with the epoch whose book has its plan.
select m.bucket, m.membership_id, m.wallet_id, m.scheme_id, m.version_id, m.seller_id, m.asset, m.closed, m.anchor,
       m.until_day, m.entitled_until, m.paid_minor, m.refunded_minor, m.version, m.started_at, m.last_at,
       m.reminded_day, coalesce(s.name, p.name) as seller_name, p.epoch,
       (select a.version_id from ledger.membership_act a
         where a.bucket = m.bucket and a.membership_id = m.membership_id and a.number = 1) as first_version,
       (select jsonb_agg(jsonb_build_array(t.from_day, t.until_day, t.worth_minor) order by t.number)
          from (select a.number, a.from_day, a.until_day, a.worth_minor from ledger.membership_act a
                 where a.bucket = m.bucket and a.membership_id = m.membership_id and a.from_day is not null
                   and a.number >= (select max(c.number) from ledger.membership_act c
                                     where c.bucket = m.bucket and c.membership_id = m.membership_id
                                       and c.kind in ('started', 'changed', 'reinstated'))
                 order by a.number desc limit 8) t) as terms
  from ledger.membership m
  cross join coalition.programme p
  left join coalition.merchant s on s.merchant_id = m.seller_id
 where m.bucket = $1 and (m.wallet_id = $2 or m.membership_id = $3)
 order by m.closed is not null, m.started_at desc, m.membership_id limit $4
