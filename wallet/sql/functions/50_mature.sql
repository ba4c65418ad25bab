-- Decides the lots whose day has come: `mature` moves pending to available and the merchant's contingent promise to
-- issued; `lapse` gives a promise back whose event never came. Of what matures, a lot's charity gets its part at once.
-- Set-based: locks the wallets in order, looks again, writes everything in one statement, and then lets new value fill
-- open deficits. Running it twice or late is harmless.
create or replace function ledger.decide_due(p_buckets smallint[], p_limit int, p_at timestamptz default null)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan as $$
declare
  v_at timestamptz := coalesce(p_at, clock_timestamp());
  v_lots uuid[];
  v_of smallint[];
  v_answer jsonb;
  v_owing record;
begin
  select array_agg(bucket), array_agg(lot_id) into v_of, v_lots
    from (select bucket, lot_id from ledger.lot
           where due_at <= v_at and bucket = any (p_buckets) order by due_at limit p_limit) due;
  if v_lots is null then return '{"matured": 0, "lapsed": 0}'; end if;
  perform 1
     from ledger.wallet w
     join (select distinct l.bucket, l.wallet_id, l.asset
             from unnest(v_of, v_lots) as i (bucket, lot_id)
             join ledger.lot l on l.bucket = i.bucket and l.lot_id = i.lot_id) i
       on w.bucket = i.bucket and w.wallet_id = i.wallet_id and w.asset = i.asset
    order by w.bucket, w.wallet_id, w.asset for no key update of w;

  with open as (
    -- The wallets are locked, so what the snapshot shows of them is what the update below starts from.
    select l.*, l.due_as = 'mature' as matures, w.version, w.pending as wallet_pending,
           w.credited - w.debited - w.held as available, w.held,
           case when l.due_as = 'mature' and l.gives_minor > 0
                then div(l.pending::numeric * l.gives_minor, l.amount)::bigint else 0 end as shared
      from unnest(v_of, v_lots) as i (bucket, lot_id)
      join ledger.lot l on l.bucket = i.bucket and l.lot_id = i.lot_id
      join ledger.wallet w on w.bucket = l.bucket and w.wallet_id = l.wallet_id and w.asset = l.asset
     where l.due_at <= v_at
  ), due as (
    select *, ledger.derived(lot_id, due_as) as move_id,
           row_number() over by_wallet + count(*) filter (where shared > 0) over by_wallet as nth,
           sum(pending) over by_wallet as running,
           coalesce(sum(pending) filter (where matures) over by_wallet, 0) - sum(shared) over by_wallet as matured,
           row_number() over by_funder as contingent_nth,
           count(*) filter (where matures) over by_funder as issued_nth,
           count(*) over (partition by bucket, funder_id, asset) as contingent_moves,
           count(*) filter (where matures) over (partition by bucket, funder_id, asset) as issued_moves
      from open
    window by_wallet as (partition by bucket, wallet_id, asset order by due_at, lot_id rows unbounded preceding),
           by_funder as (partition by bucket, funder_id, asset order by lot_id rows unbounded preceding)
  ), wallets as (
    update ledger.wallet w
       set pending = w.pending - s.total, credited = w.credited + s.matured, debited = w.debited + s.shared,
           version = w.version + s.moves
      from (select bucket, wallet_id, asset, sum(pending)::bigint as total,
                   count(*) + count(*) filter (where shared > 0) as moves,
                   coalesce(sum(pending) filter (where matures), 0)::bigint as matured, sum(shared)::bigint as shared
              from due group by bucket, wallet_id, asset) s
     where w.bucket = s.bucket and w.wallet_id = s.wallet_id and w.asset = s.asset
  ), legs as (
    select bucket, funder_id as owner_id, 'contingent' as kind, asset, 0 as debit, sum(pending)::bigint as credit,
           count(*) as moves
      from due group by bucket, funder_id, asset
    union all
    select bucket, funder_id, 'issued', asset, sum(pending)::bigint, 0, count(*)
      from due where matures group by bucket, funder_id, asset
    union all
    select bucket, gives_to, 'due', asset, 0, sum(shared)::bigint, count(*)
      from due where shared > 0 group by bucket, gives_to, asset
  ), positions as (
    insert into ledger.position as p (bucket, owner_id, kind, asset, debited, credited, version)
    select bucket, owner_id, kind, asset, debit, credit, moves from legs order by bucket, owner_id, kind, asset
    on conflict (bucket, owner_id, kind, asset) do update
      set debited = p.debited + excluded.debited, credited = p.credited + excluded.credited,
          version = p.version + excluded.version
    returning p.bucket, p.owner_id, p.kind, p.asset, p.version
  ), numbered as (
    select d.*, c.version - d.contingent_moves + d.contingent_nth as contingent_version,
           i.version - d.issued_moves + d.issued_nth as issued_version
      from due d
      join positions c on c.bucket = d.bucket and c.owner_id = d.funder_id and c.asset = d.asset
       and c.kind = 'contingent'
      left join positions i on i.bucket = d.bucket and i.owner_id = d.funder_id and i.asset = d.asset
       and i.kind = 'issued'
  ), moved as (
    insert into ledger.transfer (bucket, transfer_id, asset, code, debit_kind, credit_kind, amount, wallet_id,
      wallet_version, pending_after, available_after, held_after, credit_owner, credit_version, lot_id, cause_id,
      partner_id, effective_at)
    select bucket, move_id, asset, due_as, 'pending', case when matures then 'available' else 'contingent' end,
           pending, wallet_id, version + nth - (shared > 0)::int, wallet_pending - running,
           available + matured + shared, held, case when not matures then funder_id end,
           case when not matures then contingent_version end, lot_id, cause_id, funder_id, v_at
      from numbered
  ), funded as (
    insert into ledger.transfer (bucket, transfer_id, asset, code, debit_kind, credit_kind, amount, debit_owner,
      debit_version, credit_owner, credit_version, lot_id, cause_id, partner_id, effective_at)
    select bucket, ledger.derived(lot_id, 'fund'), asset, 'fund', 'issued', 'contingent', pending, funder_id,
           issued_version, funder_id, contingent_version, lot_id, cause_id, funder_id, v_at
      from numbered where matures
  ), given as (
    -- One lot makes up the whole amount, so the transfer names it and no draw is needed.
    insert into ledger.transfer (bucket, transfer_id, asset, code, debit_kind, credit_kind, amount, wallet_id,
      wallet_version, pending_after, available_after, held_after, credit_owner, credit_version, lot_id, cause_id,
      partner_id, effective_at)
    select d.bucket, ledger.derived(d.lot_id, 'share'), d.asset, 'share', 'available', 'due', d.shared, d.wallet_id,
           d.version + d.nth, d.wallet_pending - d.running, d.available + d.matured, d.held, d.gives_to,
           p.version - count(*) over (partition by d.bucket, d.gives_to, d.asset)
             + row_number() over (partition by d.bucket, d.gives_to, d.asset order by d.lot_id),
           d.lot_id, d.cause_id, d.gives_to, v_at
      from due d
      join positions p on p.bucket = d.bucket and p.owner_id = d.gives_to and p.asset = d.asset and p.kind = 'due'
     where d.shared > 0
  ), lots as (
    update ledger.lot l
       set pending = 0, remaining = case when d.matures then d.pending - d.shared else 0 end,
           open = d.matures and d.pending > d.shared, given = l.given + d.shared,
           available_at = case when d.matures then d.due_at end, due_at = null
      from due d where l.bucket = d.bucket and l.lot_id = d.lot_id
  ), told as (
    insert into ledger.outbox (bucket, event_id, topic, wallet_id, subject_id, detail, happened_at)
    select bucket, move_id, case when matures then 'lot.matured' else 'lot.lapsed' end, wallet_id, cause_id, null, v_at
      from due
    union all
    select bucket, ledger.derived(lot_id, 'share'), 'lot.shared', wallet_id, lot_id,
           jsonb_build_object('amount', shared, 'charity_id', gives_to), v_at
      from due where shared > 0
  )
  select jsonb_build_object('matured', count(*) filter (where matures), 'lapsed', count(*) filter (where not matures))
    into v_answer from due;

  for v_owing in
    select distinct f.bucket, f.wallet_id, f.asset
      from unnest(v_of, v_lots) as i (bucket, lot_id)
      join ledger.lot l on l.bucket = i.bucket and l.lot_id = i.lot_id
      join ledger.deficit f on f.bucket = l.bucket and f.wallet_id = l.wallet_id and f.asset = l.asset
     where f.remaining > 0 and l.open order by 1, 2, 3
  loop
    perform ledger.fill_deficits(v_owing.bucket, v_owing.wallet_id, v_owing.asset);
  end loop;
  return v_answer;
end $$;
