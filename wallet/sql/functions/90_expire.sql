-- Expiry. A notice is put on record first where the contract asks for one; only then, and only after the lot's last
-- day, its rest goes to the breakage account that the contract names. Until that transfer is posted the value stays
-- spendable. What is held is not touched. Set-based, wallets locked in order, harmless when run twice or late.
create or replace function ledger.notice_expiry(
  p_buckets smallint[], p_limit int, p_zone text, p_at timestamptz default null)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_at timestamptz := coalesce(p_at, clock_timestamp());
  v_count bigint;
begin
  with near as (
    select bucket, lot_id from ledger.lot
     where open and notice_days > 0 and noticed_at is null and bucket = any (p_buckets)
       and expires_at <= ledger.end_of_day(v_at, notice_days, p_zone)
     order by bucket, wallet_id, lot_id limit p_limit for no key update skip locked
  ), noticed as (
    -- The member always has the full notice: a notice that goes out late moves the last day.
    update ledger.lot l
       set noticed_at = v_at, expires_at = greatest(l.expires_at, ledger.end_of_day(v_at, l.notice_days, p_zone))
      from near n where l.bucket = n.bucket and l.lot_id = n.lot_id
    returning l.bucket, l.lot_id, l.wallet_id, l.remaining, l.expires_at
  ), told as (
    insert into ledger.outbox (bucket, event_id, topic, wallet_id, subject_id, detail, happened_at)
    select bucket, ledger.derived(lot_id, 'notice' || expires_at), 'lot.expiring', wallet_id, lot_id,
           jsonb_build_object('amount', remaining, 'expires_at', expires_at), v_at
      from noticed
  )
  select count(*) into v_count from noticed;
  return jsonb_build_object('noticed', v_count);
end $$;

create or replace function ledger.expire(p_buckets smallint[], p_limit int, p_at timestamptz default null)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan as $$
declare
  v_at timestamptz := coalesce(p_at, clock_timestamp());
  v_lots uuid[];
  v_of smallint[];
  v_answer jsonb;
begin
  select array_agg(bucket), array_agg(lot_id) into v_of, v_lots
    from (select bucket, lot_id from ledger.lot
           where open and expires_at <= v_at and bucket = any (p_buckets)
             and (notice_days = 0 or noticed_at is not null)
           order by expires_at limit p_limit) past;
  if v_lots is null then return '{"expired": 0, "amount": 0}'; end if;
  perform 1
     from ledger.wallet w
     join (select distinct l.bucket, l.wallet_id, l.asset
             from unnest(v_of, v_lots) as i (bucket, lot_id)
             join ledger.lot l on l.bucket = i.bucket and l.lot_id = i.lot_id) i
       on w.bucket = i.bucket and w.wallet_id = i.wallet_id and w.asset = i.asset
    order by w.bucket, w.wallet_id, w.asset for no key update of w;

  with past as (
    -- The wallets are locked, so what the snapshot shows of them is what the update below starts from.
    select l.*,
           ledger.breakage_code('expire', l.breakage) as code, ledger.breakage_kind(l.breakage) as kind,
           w.version + row_number() over by_wallet as version, w.pending as pending_after,
           w.credited - w.debited - w.held - sum(l.remaining) over by_wallet as available_after, w.held,
           row_number() over (by_owner order by l.lot_id) as owner_nth, count(*) over by_owner as owner_moves
      from unnest(v_of, v_lots) as i (bucket, lot_id)
      join ledger.lot l on l.bucket = i.bucket and l.lot_id = i.lot_id
      join ledger.wallet w on w.bucket = l.bucket and w.wallet_id = l.wallet_id and w.asset = l.asset
     where l.open and l.expires_at <= v_at and (l.notice_days = 0 or l.noticed_at is not null)
    window by_wallet as (partition by l.bucket, l.wallet_id, l.asset order by l.expires_at, l.lot_id
                         rows unbounded preceding),
           by_owner as (partition by l.bucket, l.breakage_owner, l.breakage, l.asset)
  ), numbered as (
    -- A lot that is given back may expire again, even on the same day: the wallet's version tells the two apart.
    select *, ledger.derived(lot_id, 'expire' || version) as move_id from past
  ), wallets as (
    update ledger.wallet w set debited = w.debited + s.total, version = w.version + s.moves
      from (select bucket, wallet_id, asset, sum(remaining)::bigint as total, count(*) as moves
              from past group by bucket, wallet_id, asset) s
     where w.bucket = s.bucket and w.wallet_id = s.wallet_id and w.asset = s.asset
  ), legs as (
    select bucket, breakage_owner, kind, asset, sum(remaining)::bigint as total, count(*) as moves
      from past group by bucket, breakage_owner, kind, asset
  ), positions as (
    insert into ledger.position as p (bucket, owner_id, kind, asset, credited, version)
    select bucket, breakage_owner, kind, asset, total, moves from legs order by bucket, breakage_owner, kind, asset
    on conflict (bucket, owner_id, kind, asset) do update
      set credited = p.credited + excluded.credited, version = p.version + excluded.version
    returning p.bucket, p.owner_id, p.kind, p.asset, p.version
  ), moved as (
    insert into ledger.transfer (bucket, transfer_id, asset, code, debit_kind, credit_kind, amount, wallet_id,
      wallet_version, pending_after, available_after, held_after, credit_owner, credit_version, lot_id, cause_id,
      partner_id, effective_at)
    select l.bucket, l.move_id, l.asset, l.code, 'available', l.kind, l.remaining, l.wallet_id, l.version,
           l.pending_after, l.available_after, l.held, l.breakage_owner, p.version - l.owner_moves + l.owner_nth,
           l.lot_id, l.lot_id, l.funder_id, v_at
      from numbered l
      join positions p on p.bucket = l.bucket and p.owner_id = l.breakage_owner and p.kind = l.kind
       and p.asset = l.asset
  ), lots as (
    update ledger.lot l set remaining = 0, open = false, expired = l.expired + d.remaining
      from past d where l.bucket = d.bucket and l.lot_id = d.lot_id
  ), told as (
    insert into ledger.outbox (bucket, event_id, topic, wallet_id, subject_id, detail, happened_at)
    select bucket, move_id, 'lot.expired', wallet_id, lot_id, jsonb_build_object('amount', remaining), v_at
      from numbered
  )
  select jsonb_build_object('expired', count(*), 'amount', coalesce(sum(remaining), 0)) into v_answer from past;
  return v_answer;
end $$;
