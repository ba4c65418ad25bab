-- Posts purchases, one or a thousand: the sale, its lines with their decisions, the events, one lot and one
-- transfer for each sale that earned, one counter update per wallet and per merchant. Locks the wallets in order,
-- then looks for what is already there, then writes everything in one statement. p_at is null but for replays of
-- history. Answers one object per purchase: posted, replayed, refused.
create or replace function ledger.post_purchases(
  p_buckets smallint[], p_purchases ledger.purchase_in[], p_lines ledger.line_in[], p_events ledger.event_in[],
  p_at timestamptz default null)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_at timestamptz := coalesce(p_at, clock_timestamp());
  v_answer jsonb;
begin
  if exists (select 1 from unnest(p_purchases) i where not i.bucket = any (p_buckets)) then
    raise exception 'a purchase lies outside the buckets named' using errcode = '22023';
  end if;
  perform 1
     from ledger.wallet w
     join (select distinct bucket, wallet_id, asset from unnest(p_purchases)) i
       on w.bucket = i.bucket and w.wallet_id = i.wallet_id and w.asset = i.asset
    order by w.bucket, w.wallet_id, w.asset for no key update of w;

  with judged as (
    -- The wallets are locked, so what the snapshot shows of them is what the update below starts from.
    select i.*, case when w.state is null then 'currency_mismatch' when w.state <> 'open' then 'member_suspended' end
             as why, w.version, w.pending, w.credited - w.debited - w.held as available, w.held,
           p.purchase_id is not null as seen, p.fingerprint as seen_as, p.reported_at as seen_at,
           f.request_id is not null as refused, f.fingerprint as refused_as, f.answer as refused_with,
           f.refused_at as refused_at
      from unnest(p_purchases) with ordinality as i (
             bucket, purchase_id, wallet_id, asset, merchant_id, contract_id, reference, channel, store_id,
             purchased_at, total_minor, cashback_paid_minor, credited_minor, fingerprint, due_at, due_as, expires_at,
             notice_days, grace_days, breakage, breakage_owner, n)
      left join ledger.wallet w on w.bucket = i.bucket and w.wallet_id = i.wallet_id and w.asset = i.asset
      left join ledger.purchase p on p.bucket = i.bucket and p.purchase_id = i.purchase_id
      left join ledger.refusal f on f.bucket = i.bucket and f.request_id = i.purchase_id
  ), fresh as (
    select *, ledger.derived(purchase_id, 'earn') as lot_id
      from judged where not seen and not refused and why is null
  ), barred as (
    select * from judged where not seen and not refused and why is not null
  ), refusals as (
    insert into ledger.refusal (bucket, request_id, wallet_id, verb, fingerprint, answer)
    select bucket, purchase_id, wallet_id, 'purchase_report', fingerprint, jsonb_build_object('code', why) from barred
  ), earning as (
    select *, row_number() over by_wallet as nth, sum(credited_minor) over by_wallet as running,
           row_number() over (partition by bucket, merchant_id, asset order by n) as merchant_nth,
           count(*) over (partition by bucket, merchant_id, asset) as merchant_moves
      from fresh where credited_minor > 0
    window by_wallet as (partition by bucket, wallet_id, asset order by n rows unbounded preceding)
  ), wallets as (
    update ledger.wallet w set pending = w.pending + s.total, version = w.version + s.moves
      from (select bucket, wallet_id, asset, sum(credited_minor)::bigint as total, count(*) as moves
              from earning group by bucket, wallet_id, asset) s
     where w.bucket = s.bucket and w.wallet_id = s.wallet_id and w.asset = s.asset
  ), positions as (
    insert into ledger.position as p (bucket, owner_id, kind, asset, debited, version)
    select bucket, merchant_id, 'contingent', asset, sum(credited_minor)::bigint, count(*)
      from earning group by bucket, merchant_id, asset order by bucket, merchant_id, asset
    on conflict (bucket, owner_id, kind, asset) do update
      set debited = p.debited + excluded.debited, version = p.version + excluded.version
    returning p.bucket, p.owner_id, p.asset, p.version
  ), transfers as (
    insert into ledger.transfer (bucket, transfer_id, asset, code, debit_kind, credit_kind, amount, wallet_id,
      wallet_version, pending_after, available_after, held_after, debit_owner, debit_version, lot_id, cause_id,
      partner_id, effective_at)
    select e.bucket, e.lot_id, e.asset, 'earn', 'contingent', 'pending', e.credited_minor, e.wallet_id,
           e.version + e.nth, e.pending + e.running, e.available, e.held, e.merchant_id,
           p.version - e.merchant_moves + e.merchant_nth, e.lot_id, e.purchase_id, e.merchant_id, v_at
      from earning e
      join positions p on p.bucket = e.bucket and p.owner_id = e.merchant_id and p.asset = e.asset
  ), lots as (
    insert into ledger.lot (bucket, lot_id, wallet_id, asset, funder_id, rule_id, cause_id, amount, pending,
      remaining, open, earned_at, due_at, due_as, expires_at, notice_days, grace_days, breakage, breakage_owner)
    select bucket, lot_id, wallet_id, asset, merchant_id, contract_id, purchase_id, credited_minor, credited_minor,
           0, false, v_at, due_at, due_as, expires_at, notice_days, grace_days, breakage, breakage_owner
      from earning
  ), purchases as (
    insert into ledger.purchase (bucket, purchase_id, wallet_id, asset, merchant_id, contract_id, reference, channel,
      store_id, purchased_at, reported_at, total_minor, cashback_paid_minor, credited_minor, lot_id, fingerprint)
    select bucket, purchase_id, wallet_id, asset, merchant_id, contract_id, reference, channel, store_id,
           purchased_at, v_at, total_minor, cashback_paid_minor, credited_minor,
           case when credited_minor > 0 then lot_id end, fingerprint
      from fresh
  ), lines as (
    insert into ledger.purchase_line (bucket, purchase_id, line_no, external_id, product, description, kind,
      category, labels, quantity_milli, amount_minor, discount_minor, tax_minor, rule, base_minor, rate_bps,
      rounding, credited_minor, sentence)
    select l.bucket, l.purchase_id, l.line_no, l.external_id, l.product, l.description, l.kind, l.category, l.labels,
           l.quantity_milli, l.amount_minor, l.discount_minor, l.tax_minor, l.rule, l.base_minor, l.rate_bps,
           l.rounding, l.credited_minor, l.sentence
      from unnest(p_lines) l
      -- `is true` keeps this a look-up in a hash; as a join, every line would be compared with every purchase.
     where ((l.bucket, l.purchase_id) in (select bucket, purchase_id from fresh)) is true
  ), events as (
    insert into ledger.purchase_event (bucket, purchase_id, kind, happened_at, request_id, fingerprint)
    select v.bucket, v.purchase_id, v.kind, v.happened_at, v.request_id, v.fingerprint
      from unnest(p_events) v
     where ((v.bucket, v.purchase_id) in (select bucket, purchase_id from fresh)) is true
  ), told as (
    insert into ledger.outbox (bucket, event_id, topic, wallet_id, subject_id, happened_at)
    select bucket, lot_id, 'purchase.posted', wallet_id, purchase_id, v_at from fresh
  )
  select jsonb_agg(
           case when seen then ledger.posted_before(
                     seen_as = fingerprint, seen_at, jsonb_build_object('purchase_id', purchase_id))
                when refused and refused_as = fingerprint then refused_with || '{"replayed": true}'
                when refused then ledger.posted_before(false, refused_at, '{}')
                when why is null then jsonb_build_object(
                     'code', 'posted', 'replayed', false, 'purchase_id', purchase_id)
                else jsonb_build_object('code', why, 'replayed', false) end
           order by n)
    into v_answer from judged;
  return v_answer;
end $$;
