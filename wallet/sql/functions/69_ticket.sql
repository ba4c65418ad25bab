-- Tickets: given once for each source, taken back unused, and used once, by a spin or an entry. All of it happens under
-- the lock of the member's wallet. Whoever gives them for what was seen of a member says in which state that was, and
-- is told `stale` if it has changed.
create or replace function ledger.grant_tickets(
  p_bucket smallint, p_wallet uuid, p_house_asset smallint, p_draw uuid, p_source text, p_source_id uuid,
  p_tickets uuid[], p_expires_at timestamptz, p_facts_version bigint, p_at timestamptz)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_state text;
  v_facts bigint;
  v_standing uuid[];
  v_own boolean;
  v_first timestamptz;
begin
  select state, facts into v_state, v_facts from ledger.wallet
   where bucket = p_bucket and wallet_id = p_wallet and asset = p_house_asset for no key update;
  if not found then return '{"code": "currency_mismatch"}'; end if;
  -- A source gives to one member: another one is not told the first one's tickets.
  select array_agg(ticket_id order by number), bool_and(wallet_id = p_wallet), min(granted_at)
    into v_standing, v_own, v_first from ledger.ticket
   where bucket = p_bucket and draw_id = p_draw and source = p_source and source_id = p_source_id;
  if v_standing is not null then
    return ledger.posted_before(v_own and cardinality(v_standing) = cardinality(p_tickets), v_first,
             jsonb_build_object('tickets', to_jsonb(v_standing)));
  end if;
  if p_facts_version <> v_facts then return '{"code": "stale"}'; end if;
  if v_state <> 'open' then return '{"code": "member_suspended"}'; end if;
  insert into ledger.ticket (bucket, ticket_id, wallet_id, draw_id, source, source_id, number, granted_at, expires_at)
  select p_bucket, t.ticket_id, p_wallet, p_draw, p_source, p_source_id, t.number, p_at, p_expires_at
    from unnest(p_tickets) with ordinality as t (ticket_id, number);
  perform ledger.tell(p_bucket, p_tickets[1], 'ticket.granted', p_wallet, p_tickets[1], p_at,
            jsonb_build_object('draw', p_draw, 'tickets', cardinality(p_tickets)));
  return jsonb_build_object('code', 'posted', 'replayed', false, 'tickets', to_jsonb(p_tickets));
end $$;

-- Takes back what of a source's tickets was not used; what was used stays used.
create or replace function ledger.withdraw_tickets(
  p_bucket smallint, p_wallet uuid, p_house_asset smallint, p_draw uuid, p_source text, p_source_id uuid,
  p_at timestamptz)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_withdrawn integer;
begin
  perform 1 from ledger.wallet
    where bucket = p_bucket and wallet_id = p_wallet and asset = p_house_asset for no key update;
  update ledger.ticket set withdrawn_at = p_at
   where bucket = p_bucket and wallet_id = p_wallet and draw_id = p_draw and source = p_source
     and source_id = p_source_id and used_at is null and withdrawn_at is null;
  get diagnostics v_withdrawn = row_count;
  return jsonb_build_object('code', 'posted', 'replayed', v_withdrawn = 0, 'withdrawn', v_withdrawn);
end $$;

-- Why a ticket cannot be used now, or null. `p_gate` is what the rule says of the draw and the member, `p_most` the
-- most plays of this draw since `p_since`.
create or replace function ledger.ticket_refusal(
  p_bucket smallint, p_wallet uuid, p_state text, p_ticket uuid, p_draw uuid, p_gate text, p_starts timestamptz[],
  p_most bigint, p_since timestamptz, p_at timestamptz)
returns jsonb language plpgsql stable as $$
declare
  t ledger.ticket;
  v_own jsonb;
begin
  select * into t from ledger.ticket where bucket = p_bucket and ticket_id = p_ticket;
  if not found or t.wallet_id <> p_wallet or t.draw_id <> p_draw then return '{"code": "not_found"}'; end if;
  if p_state <> 'open' then return '{"code": "member_suspended"}'; end if;
  v_own := ledger.play_refusal(p_bucket, p_wallet, p_starts, p_at);
  return case
    when v_own ->> 'code' = 'self_excluded' then v_own
    when t.used_at is not null or t.withdrawn_at is not null then '{"code": "ticket_used"}'
    when t.expires_at <= p_at then '{"code": "ticket_expired"}'
    when p_gate is not null then jsonb_build_object('code', p_gate)
    when v_own is not null then v_own
    when (select count(*) from ledger.ticket where bucket = p_bucket and wallet_id = p_wallet and draw_id = p_draw
             and used_at >= p_since) >= p_most then '{"code": "play_limit"}'
  end;
end $$;

-- Spins a ticket: it is used from now on, whatever happens, and what it draws is owed. The number is drawn afterwards,
-- so nobody, and no crash, can choose between a ticket and its outcome.
create or replace function ledger.spin(
  p_bucket smallint, p_spin uuid, p_wallet uuid, p_house_asset smallint, p_ticket uuid, p_draw uuid,
  p_client_seed text, p_fingerprint uuid, p_gate text, p_starts timestamptz[], p_most bigint, p_since timestamptz,
  p_at timestamptz)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_state text;
  s ledger.spin;
  v_answer jsonb;
begin
  select state into v_state from ledger.wallet
   where bucket = p_bucket and wallet_id = p_wallet and asset = p_house_asset for no key update;
  if not found then return '{"code": "currency_mismatch"}'; end if;
  select * into s from ledger.spin where bucket = p_bucket and spin_id = p_spin;
  if found then
    return ledger.posted_before(s.fingerprint = p_fingerprint, s.spun_at, jsonb_build_object('spin_id', p_spin));
  end if;
  v_answer := ledger.refused_before(p_bucket, p_spin, p_fingerprint);
  if v_answer is not null then return v_answer; end if;
  v_answer := ledger.ticket_refusal(p_bucket, p_wallet, v_state, p_ticket, p_draw, p_gate, p_starts, p_most, p_since,
                p_at);
  -- A ticket that is not there, or somebody else's, leaves no trace.
  if v_answer ->> 'code' = 'not_found' then return v_answer; end if;
  if v_answer is not null then
    return ledger.refuse(p_bucket, p_spin, p_wallet, 'spin', p_fingerprint, v_answer);
  end if;
  update ledger.ticket set used_at = p_at, used_by = p_spin where bucket = p_bucket and ticket_id = p_ticket;
  insert into ledger.spin (bucket, spin_id, wallet_id, ticket_id, draw_id, client_seed, fingerprint, spun_at)
  values (p_bucket, p_spin, p_wallet, p_ticket, p_draw, p_client_seed, p_fingerprint, p_at);
  return jsonb_build_object('code', 'posted', 'replayed', false, 'spin_id', p_spin);
end $$;

-- Writes what a spin drew and what it was given, once; the member is told.
create or replace function ledger.settle_spin(
  p_bucket smallint, p_spin uuid, p_epoch integer, p_number integer, p_prize text, p_award uuid, p_note text,
  p_at timestamptz)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  s ledger.spin;
begin
  update ledger.spin set epoch = p_epoch, number = p_number, prize = p_prize, award_id = p_award, note = p_note,
         settled_at = p_at
   where bucket = p_bucket and spin_id = p_spin and settled_at is null returning * into s;
  if not found then return '{"code": "posted", "replayed": true}'; end if;
  perform ledger.tell(p_bucket, p_spin, 'spin.settled', s.wallet_id, p_spin, p_at,
            jsonb_build_object('draw', s.draw_id, 'prize', p_prize, 'note', p_note));
  return '{"code": "posted", "replayed": false}';
end $$;

-- Enters a ticket into a raffle. The gate of the bucket is read under a lock that closing it waits for: an entry is
-- either on the list or refused.
create or replace function ledger.enter(
  p_bucket smallint, p_entry uuid, p_wallet uuid, p_house_asset smallint, p_ticket uuid, p_draw uuid, p_named boolean,
  p_fingerprint uuid, p_gate text, p_starts timestamptz[], p_most bigint, p_since timestamptz, p_at timestamptz)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_state text;
  e ledger.entry;
  v_answer jsonb;
  v_closed timestamptz;
begin
  select state into v_state from ledger.wallet
   where bucket = p_bucket and wallet_id = p_wallet and asset = p_house_asset for no key update;
  if not found then return '{"code": "currency_mismatch"}'; end if;
  select * into e from ledger.entry where bucket = p_bucket and entry_id = p_entry;
  if found then
    return ledger.posted_before(e.fingerprint = p_fingerprint, e.entered_at, jsonb_build_object('entry_id', p_entry));
  end if;
  v_answer := ledger.refused_before(p_bucket, p_entry, p_fingerprint);
  if v_answer is not null then return v_answer; end if;
  insert into ledger.draw_gate (bucket, draw_id) values (p_bucket, p_draw) on conflict do nothing;
  select closed_at into v_closed from ledger.draw_gate where bucket = p_bucket and draw_id = p_draw for share;
  v_answer := ledger.ticket_refusal(p_bucket, p_wallet, v_state, p_ticket, p_draw,
                case when v_closed is null then p_gate else 'draw_closed' end, p_starts, p_most, p_since, p_at);
  -- A ticket that is not there, or somebody else's, leaves no trace.
  if v_answer ->> 'code' = 'not_found' then return v_answer; end if;
  if v_answer is not null then
    return ledger.refuse(p_bucket, p_entry, p_wallet, 'entry', p_fingerprint, v_answer);
  end if;
  update ledger.ticket set used_at = p_at, used_by = p_entry where bucket = p_bucket and ticket_id = p_ticket;
  insert into ledger.entry (bucket, entry_id, wallet_id, ticket_id, draw_id, named, fingerprint, entered_at)
  values (p_bucket, p_entry, p_wallet, p_ticket, p_draw, p_named, p_fingerprint, p_at);
  perform ledger.tell(p_bucket, p_entry, 'entry.posted', p_wallet, p_entry, p_at, jsonb_build_object('draw', p_draw));
  return jsonb_build_object('code', 'posted', 'replayed', false, 'entry_id', p_entry);
end $$;

-- Closes the gates of a raffle in some buckets; it waits for the entries that are being written there.
create or replace function ledger.close_gates(p_buckets smallint[], p_draw uuid, p_at timestamptz)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into ledger.draw_gate as g (bucket, draw_id, closed_at)
  select b, p_draw, p_at from unnest(p_buckets) b order by b
  on conflict (bucket, draw_id) do update set closed_at = coalesce(g.closed_at, excluded.closed_at);
  return '{"code": "posted", "replayed": false}';
end $$;

-- Puts down that an entry has won, for whoever tells the member; twice is once.
create or replace function ledger.tell_win(
  p_bucket smallint, p_wallet uuid, p_entry uuid, p_detail jsonb, p_at timestamptz)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into ledger.outbox (bucket, event_id, topic, wallet_id, subject_id, detail, happened_at)
  values (p_bucket, ledger.derived(p_entry, 'won'), 'raffle.won', p_wallet, p_entry, p_detail, p_at)
  on conflict do nothing;
  return '{"code": "posted", "replayed": false}';
end $$;
