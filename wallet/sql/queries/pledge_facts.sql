-- The pledges of a wallet that are not carried out to their end, the oldest first: where the charity stands, the next
-- movements that may move each (at most $4 are looked at), and for the pledge of what expires the lots that do within
-- $5, with the first instant after that at which another one will.
select p.pledge_id, p.asset, p.kind, p.share_bps, p.multiple, p.seen_version, p.until_version is null as stands,
       c.state as charity_state, coalesce($3::timestamptz, clock_timestamp()) as at,
       least(w.version, p.until_version) as last_version, s.until_version,
       case when p.kind <> 'expiring' then
         (select jsonb_agg(jsonb_build_object('movement_id', t.transfer_id, 'code', t.code, 'amount_minor', t.amount,
                   'available_minor', t.available_after, 'shared_minor', coalesce(g.amount, 0),
                   'cause_id', coalesce(t.lot_id, t.cause_id)) order by t.wallet_version)
            from ledger.transfer t
            left join ledger.transfer g
              on g.bucket = t.bucket and g.wallet_id = t.wallet_id and g.asset = t.asset
             and g.wallet_version = t.wallet_version + 1 and g.code = 'share' and g.lot_id = t.lot_id
           where t.bucket = p.bucket and t.wallet_id = p.wallet_id and t.asset = p.asset
             and t.wallet_version > p.seen_version and t.wallet_version <= s.until_version
             and t.code in ('mature', 'capture')) end as moves,
       case when p.kind = 'expiring' and p.until_version is null then
         (select jsonb_agg(jsonb_build_object('lot_id', l.lot_id, 'remaining_minor', l.remaining,
                   'expires_at', l.expires_at) order by l.expires_at, l.lot_id)
            from (select * from ledger.lot l
                   where l.bucket = p.bucket and l.wallet_id = p.wallet_id and l.asset = p.asset and l.open
                     and l.expires_at <= coalesce($3::timestamptz, clock_timestamp()) + $5::interval
                     and (l.notice_days = 0 or l.noticed_at is not null)
                   order by l.expires_at, l.lot_id limit $4) l) end as lots,
       case when p.kind = 'expiring' and p.until_version is null then
         (select min(l.expires_at) from ledger.lot l
           where l.bucket = p.bucket and l.wallet_id = p.wallet_id and l.asset = p.asset and l.open
             and l.expires_at > coalesce($3::timestamptz, clock_timestamp()) + $5::interval) end as next_expiry
  from ledger.pledge p
  join ledger.wallet w on w.bucket = p.bucket and w.wallet_id = p.wallet_id and w.asset = p.asset
  left join coalition.charity c on c.charity_id = p.charity_id
  cross join lateral (select least(w.version, p.until_version, p.seen_version + $4) as until_version) s
 where p.bucket = $1 and p.wallet_id = $2 and (p.until_version is null or p.seen_version < p.until_version)
 order by p.set_at, p.pledge_id
