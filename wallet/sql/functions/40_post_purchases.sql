-- Posts purchases, one or a thousand: the sale, its lines with their decisions, the events, one lot and one transfer
-- for whatever the contract or a campaign gave, and one counter update per wallet and per funder. Locks the wallets and
-- then the budgets' shares in order, looks for what is already there, and writes all of it in one statement, and the
-- grants behind it, where there are any, in a few more. A purchase whose decision does not hold any more (the member's
-- facts, a coupon or a budget moved on) answers `stale`, and nothing of it is kept. p_at is null but for replays of
-- history. Answers one object per purchase: posted, replayed, refused, stale.
create or replace function ledger.post_purchases(
  p_buckets smallint[], p_purchases ledger.purchase_in[], p_lines ledger.line_in[], p_events ledger.event_in[],
  p_lots ledger.lot_in[], p_grants ledger.grant_in[], p_draws ledger.draw_in[], p_benefits ledger.benefit_in[],
  p_floor bigint, p_at timestamptz default null, p_gifts ledger.gift_in[] default '{}')
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_at timestamptz := coalesce(p_at, clock_timestamp());
  v_mixed boolean;
  v_opened boolean := false;
  v_answer jsonb;
begin
  if exists (select 1 from unnest(p_purchases) i where not i.bucket = any (p_buckets)) then
    raise exception 'a purchase lies outside the buckets named' using errcode = '22023';
  end if;
  v_mixed := exists (select 1 from unnest(p_lots) where asset <> p_purchases[1].asset)
    or exists (select 1 from unnest(p_purchases) where asset <> p_purchases[1].asset);
  if v_mixed then
    -- Points lie in a wallet of their own, opened by the first of them. This comes before all locks: whoever opens
    -- waits only for others who open.
    insert into ledger.wallet (bucket, wallet_id, asset, floor, state)
    select distinct w.bucket, w.wallet_id, l.asset, p_floor, w.state
      from unnest(p_lots) l
      join unnest(p_purchases) i on i.bucket = l.bucket and i.purchase_id = l.purchase_id and i.asset <> l.asset
      join ledger.wallet w on w.bucket = i.bucket and w.wallet_id = i.wallet_id and w.asset = i.asset
     where not exists (select 1 from ledger.wallet o
                        where o.bucket = i.bucket and o.wallet_id = i.wallet_id and o.asset = l.asset)
     order by 1, 2, 3 on conflict do nothing;
    v_opened := found;
  end if;
  perform 1
     from ledger.wallet w
     join (select bucket, wallet_id, asset from unnest(p_purchases)
           union
           select i.bucket, i.wallet_id, l.asset
             from unnest(p_lots) l
             join unnest(p_purchases) i on i.bucket = l.bucket and i.purchase_id = l.purchase_id where v_mixed) i
       on w.bucket = i.bucket and w.wallet_id = i.wallet_id and w.asset = i.asset
    order by w.bucket, w.wallet_id, w.asset for no key update of w;
  if v_opened then
    -- A suspension that came between the two found no wallet to suspend.
    update ledger.wallet o set state = w.state
      from unnest(p_lots) l
      join unnest(p_purchases) i on i.bucket = l.bucket and i.purchase_id = l.purchase_id and i.asset <> l.asset
      join ledger.wallet w on w.bucket = i.bucket and w.wallet_id = i.wallet_id and w.asset = i.asset
     where o.bucket = i.bucket and o.wallet_id = i.wallet_id and o.asset = l.asset and o.state <> w.state;
  end if;
  if cardinality(p_draws) > 0 then
    perform 1
       from ledger.budget_share s
       join (select distinct bucket, budget_id from unnest(p_draws)) d
         on s.bucket = d.bucket and s.budget_id = d.budget_id
      order by s.bucket, s.budget_id for no key update of s;
  end if;

  with judged as (
    -- The wallets are locked, so what the snapshot shows of them is what the update below starts from.
    select i.*, o.lots[array_position(o.rules, i.contract_id)] as lot_id, o.lots as all_lots,
           case when w.state is null then 'currency_mismatch' when w.state <> 'open' then 'member_suspended' end
             as why, w.facts as wallet_facts, p.purchase_id is not null as seen, p.fingerprint as seen_as,
           p.reported_at as seen_at, f.request_id is not null as refused, f.fingerprint as refused_as,
           f.answer as refused_with, f.refused_at as refused_at
      from unnest(p_purchases) with ordinality as i (
             bucket, purchase_id, wallet_id, asset, merchant_id, contract_id, reference, channel, store_id,
             purchased_at, total_minor, cashback_paid_minor, credited_minor, fingerprint, instrument, subscription,
             delivery, facts_version, coupons, explanation, facts, n)
      left join (select bucket, purchase_id, array_agg(lot_id order by m) as lots,
                        array_agg(rule_id order by m) as rules
                   from unnest(p_lots) with ordinality as l (
                          bucket, purchase_id, lot_id, rule_id, funder_id, asset, amount, due_at, due_as, expires_at,
                          notice_days, grace_days, breakage, breakage_owner, gives_to, gives_minor, m)
                  group by bucket, purchase_id) o on o.bucket = i.bucket and o.purchase_id = i.purchase_id
      left join ledger.wallet w on w.bucket = i.bucket and w.wallet_id = i.wallet_id and w.asset = i.asset
      left join ledger.purchase p on p.bucket = i.bucket and p.purchase_id = i.purchase_id
      left join ledger.refusal f on f.bucket = i.bucket and f.request_id = i.purchase_id
  ), willing as (
    select *, row_number() over (partition by bucket, wallet_id order by n) as wallet_nth
      from judged where not seen and not refused and why is null
  ), shown as (
    select w.*, c.benefit_id, row_number() over (partition by w.bucket, c.benefit_id order by w.n) as benefit_nth
      from willing w cross join unnest(w.coupons) c (benefit_id)
  ), drawn as (
    select d.bucket, d.purchase_id, sum(d.amount) over (partition by d.bucket, d.budget_id order by i.n
             rows unbounded preceding) as running, s.allotted - s.consumed as room
      from unnest(p_draws) d
      join (select bucket, purchase_id, n from unnest(p_purchases) with ordinality as i (
              bucket, purchase_id, wallet_id, asset, merchant_id, contract_id, reference, channel, store_id,
              purchased_at, total_minor, cashback_paid_minor, credited_minor, fingerprint, instrument, subscription,
              delivery, facts_version, coupons, explanation, facts, n)) i
        on i.bucket = d.bucket and i.purchase_id = d.purchase_id
      left join ledger.budget_share s on s.bucket = d.bucket and s.budget_id = d.budget_id
     where d.amount > 0 and ((d.bucket, d.purchase_id) in (select bucket, purchase_id from willing)) is true
  ), overtaken as (
    -- A purchase changes the facts of its member, so of one wallet's only the first may rest on them.
    select bucket, purchase_id from willing
     where facts_version is not null and (facts_version <> wallet_facts or wallet_nth > 1)
    union all
    select s.bucket, s.purchase_id
      from shown s
      left join ledger.benefit b
        on b.bucket = s.bucket and b.benefit_id = s.benefit_id and b.wallet_id = s.wallet_id
       and b.kind in ('coupon', 'badge_once') and b.used_at is null
       and coalesce(b.expires_at, 'infinity') > s.purchased_at
     where b.benefit_id is null or s.benefit_nth > 1
    union all
    select bucket, purchase_id from drawn where running > coalesce(room, 0)
  ), fresh as (
    select *, ledger.derived(purchase_id, 'earn') as event_id
      from willing where ((bucket, purchase_id) in (select bucket, purchase_id from overtaken)) is not true
  ), barred as (
    select * from judged where not seen and not refused and why is not null
  ), refusals as (
    insert into ledger.refusal (bucket, request_id, wallet_id, verb, fingerprint, answer)
    select bucket, purchase_id, wallet_id, 'purchase_report', fingerprint, jsonb_build_object('code', why) from barred
  ), earning as (
    select l.*, i.wallet_id, i.merchant_id, w.version, w.pending, w.credited - w.debited - w.held as available, w.held,
           row_number() over by_wallet as nth, sum(l.amount) over by_wallet as running,
           row_number() over (partition by l.bucket, l.funder_id, l.asset order by l.m) as funder_nth,
           count(*) over (partition by l.bucket, l.funder_id, l.asset) as funder_moves
      from unnest(p_lots) with ordinality as l (
             bucket, purchase_id, lot_id, rule_id, funder_id, asset, amount, due_at, due_as, expires_at,
             notice_days, grace_days, breakage, breakage_owner, gives_to, gives_minor, m)
      -- Joined with what was sent and then looked up in a hash: the plan would take `fresh` for a row or two, and
      -- compare every lot with every purchase.
      join unnest(p_purchases) i on i.bucket = l.bucket and i.purchase_id = l.purchase_id
      join ledger.wallet w on w.bucket = i.bucket and w.wallet_id = i.wallet_id and w.asset = l.asset
     where ((l.bucket, l.purchase_id) in (select bucket, purchase_id from fresh)) is true
    window by_wallet as (partition by l.bucket, i.wallet_id, l.asset order by l.m rows unbounded preceding)
  ), wallets as (
    update ledger.wallet w
       set pending = w.pending + s.total, version = w.version + s.moves, facts = w.facts + s.facts
      from (select bucket, wallet_id, asset, sum(amount)::bigint as total, sum(moves) as moves, sum(facts) as facts
              from (select bucket, wallet_id, asset, amount, 1 as moves, 0 as facts from earning
                    union all
                    select bucket, wallet_id, asset, 0, 0, 1 from fresh) moved
             group by bucket, wallet_id, asset) s
     where w.bucket = s.bucket and w.wallet_id = s.wallet_id and w.asset = s.asset
  ), positions as (
    insert into ledger.position as p (bucket, owner_id, kind, asset, debited, version)
    select bucket, funder_id, 'contingent', asset, sum(amount)::bigint, count(*)
      from earning group by bucket, funder_id, asset order by bucket, funder_id, asset
    on conflict (bucket, owner_id, kind, asset) do update
      set debited = p.debited + excluded.debited, version = p.version + excluded.version
    returning p.bucket, p.owner_id, p.asset, p.version
  ), transfers as (
    insert into ledger.transfer (bucket, transfer_id, asset, code, debit_kind, credit_kind, amount, wallet_id,
      wallet_version, pending_after, available_after, held_after, debit_owner, debit_version, lot_id, cause_id,
      partner_id, effective_at)
    select e.bucket, e.lot_id, e.asset, 'earn', 'contingent', 'pending', e.amount, e.wallet_id,
           e.version + e.nth, e.pending + e.running, e.available, e.held, e.funder_id,
           p.version - e.funder_moves + e.funder_nth, e.lot_id, e.purchase_id, e.merchant_id, v_at
      from earning e
      join positions p on p.bucket = e.bucket and p.owner_id = e.funder_id and p.asset = e.asset
  ), lots as (
    insert into ledger.lot (bucket, lot_id, wallet_id, asset, funder_id, rule_id, cause_id, amount, pending,
      remaining, open, earned_at, due_at, due_as, expires_at, notice_days, grace_days, breakage, breakage_owner,
      gives_to, gives_minor)
    select bucket, lot_id, wallet_id, asset, funder_id, rule_id, purchase_id, amount, amount, 0, false, v_at, due_at,
           due_as, expires_at, notice_days, grace_days, breakage, breakage_owner, gives_to, coalesce(gives_minor, 0)
      from earning
  ), purchases as (
    insert into ledger.purchase (bucket, purchase_id, wallet_id, asset, merchant_id, contract_id, reference, channel,
      store_id, purchased_at, reported_at, total_minor, cashback_paid_minor, credited_minor, lot_id, fingerprint, lots,
      instrument, subscription, delivery)
    select bucket, purchase_id, wallet_id, asset, merchant_id, contract_id, reference, channel, store_id,
           purchased_at, v_at, total_minor, cashback_paid_minor, credited_minor, lot_id, fingerprint,
           coalesce(array_remove(all_lots, lot_id), '{}'), instrument, subscription, delivery
      from fresh
  ), lines as (
    insert into ledger.purchase_line (bucket, purchase_id, line_no, external_id, product, description, kind,
      category, labels, quantity_milli, amount_minor, discount_minor, tax_minor, rule, base_minor, rate_bps,
      rounding, credited_minor, sentence, brand)
    select l.bucket, l.purchase_id, l.line_no, l.external_id, l.product, l.description, l.kind, l.category, l.labels,
           l.quantity_milli, l.amount_minor, l.discount_minor, l.tax_minor, l.rule, l.base_minor, l.rate_bps,
           l.rounding, l.credited_minor, l.sentence, l.brand
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
    select bucket, event_id, 'purchase.posted', wallet_id, purchase_id, v_at from fresh
  )
  select jsonb_agg(
           case when seen then ledger.posted_before(
                     seen_as = fingerprint, seen_at, jsonb_build_object('purchase_id', purchase_id))
                when refused and refused_as = fingerprint then refused_with || '{"replayed": true}'
                when refused then ledger.posted_before(false, refused_at, '{}')
                when why is not null then jsonb_build_object('code', why, 'replayed', false)
                when ((bucket, purchase_id) in (select bucket, purchase_id from overtaken)) is true
                then jsonb_build_object('code', 'stale', 'replayed', false)
                else jsonb_build_object('code', 'posted', 'replayed', false, 'purchase_id', purchase_id) end
           order by n)
    into v_answer from judged;

  -- Most purchases were given nothing by campaigns, and then the statement above is cheaper without all this.
  if cardinality(p_grants) > 0 or cardinality(p_draws) > 0 or cardinality(p_benefits) > 0
     or exists (select 1 from unnest(p_purchases) where explanation is not null or coupons <> '{}') then
    perform ledger.post_given(p_buckets, array_agg(i), p_grants, p_draws, p_benefits, v_at),
            ledger.promise_gifts(p_buckets, p_gifts, array_agg(i), v_at)
       from unnest(p_purchases) i
      where i.purchase_id in (
              select (a ->> 'purchase_id')::uuid from jsonb_array_elements(v_answer) a
               where a ->> 'code' = 'posted' and not (a ->> 'replayed')::boolean);
  end if;
  return v_answer;
end $$;
