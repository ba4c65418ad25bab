-- What returns of purchases and reversals of awards are made of: what each lot gives back and out of what, what grants
-- and budgets get back, and the writing of several transfers at once. Every caller holds the wallets' row locks and,
-- where it releases, those of the budgets' shares. None of these is granted to the application.

-- Numbers the legs of some transfers, counts them on their positions, and writes them. Positions come last in the lock
-- order and are taken in one order, whoever else counts on them meanwhile.
create or replace function ledger.post_moves(p_bucket smallint, p_moves ledger.transfer[])
returns void language plpgsql as $$
begin
  with moves as (
    select * from unnest(p_moves) with ordinality as m (
      bucket, transfer_id, asset, code, debit_kind, credit_kind, amount, wallet_id, wallet_version, pending_after,
      available_after, held_after, debit_owner, debit_version, credit_owner, credit_version, lot_id, cause_id,
      partner_id, fingerprint, effective_at, posted_at, n)
  ), legs as (
    select n, true as debits, debit_owner as owner_id, debit_kind as kind, asset, amount as debit, 0 as credit
      from moves where debit_owner is not null
    union all
    select n, false, credit_owner, credit_kind, asset, 0, amount from moves where credit_owner is not null
  ), positions as (
    insert into ledger.position as p (bucket, owner_id, kind, asset, debited, credited, version)
    select p_bucket, owner_id, kind, asset, sum(debit)::bigint, sum(credit)::bigint, count(*)
      from legs group by owner_id, kind, asset order by owner_id, kind, asset
    on conflict (bucket, owner_id, kind, asset) do update
      set debited = p.debited + excluded.debited, credited = p.credited + excluded.credited,
          version = p.version + excluded.version
    returning p.owner_id, p.kind, p.asset, p.version
  ), numbered as (
    select l.n, l.debits, p.version - count(*) over (partition by l.owner_id, l.kind, l.asset)
             + row_number() over (partition by l.owner_id, l.kind, l.asset order by l.n, l.debits) as version
      from legs l join positions p on p.owner_id = l.owner_id and p.kind = l.kind and p.asset = l.asset
  )
  insert into ledger.transfer (bucket, transfer_id, asset, code, debit_kind, credit_kind, amount, wallet_id,
    wallet_version, pending_after, available_after, held_after, debit_owner, debit_version, credit_owner,
    credit_version, lot_id, cause_id, partner_id, fingerprint, effective_at)
  select p_bucket, m.transfer_id, m.asset, m.code, m.debit_kind, m.credit_kind, m.amount, m.wallet_id,
         m.wallet_version, m.pending_after, m.available_after, m.held_after, m.debit_owner, d.version, m.credit_owner,
         c.version, m.lot_id, m.cause_id, m.partner_id, m.fingerprint, m.effective_at
    from moves m
    left join numbered d on d.n = m.n and d.debits
    left join numbered c on c.n = m.n and not c.debits
   order by m.n;
end $$;

-- One transfer on its way to `post_moves`, out of a wallet as it stands after it, or between others.
create or replace function ledger.move(
  p_bucket smallint, p_id uuid, p_code text, p_debit_kind text, p_credit_kind text, p_amount bigint, w ledger.wallet,
  p_debit_owner uuid, p_credit_owner uuid, p_asset smallint, p_lot uuid, p_cause uuid, p_partner uuid,
  p_at timestamptz) returns ledger.transfer
language sql immutable as $$
  select row(p_bucket, p_id, p_asset, p_code, p_debit_kind, p_credit_kind, p_amount, w.wallet_id, w.version, w.pending,
    w.credited - w.debited - w.held, w.held, p_debit_owner, null, p_credit_owner, null, p_lot, p_cause, p_partner,
    null, p_at, null)::ledger.transfer
$$;

-- Takes back what some lots of one cause gave, lot by lot, p_first before the others. Of each: first what is still
-- pending, then what is left of it, then what of it went to its charity, then what had expired (from whom it fell to;
-- a lot that lapsed has nothing to take), then the wallet's other lots in that asset. What nothing covers becomes a
-- deficit (up to what the member may owe in all, and not below the wallet's floor) or a loss.
create or replace function ledger.take_back(
  p_bucket smallint, p_wallet uuid, p_cause uuid, p_return uuid, p_first uuid, p_lots ledger.return_lot_in[],
  p_partner uuid, p_deficit_max bigint, p_loss_bearer text, p_operator uuid, p_at timestamptz)
returns void language plpgsql as $$
declare
  i ledger.return_lot_in;
  l ledger.lot;
  w ledger.wallet;
  nobody ledger.wallet;
  r ledger.return_lot;
  v_moves ledger.transfer[] := '{}';
  v_left bigint;
  v_free bigint;
  v_taken bigint;
  v_move uuid;
begin
  for i in
    select lot_id, sum(reversed_minor)::bigint from unnest(p_lots) group by lot_id
     order by lot_id is distinct from p_first, lot_id
  loop
    continue when i.reversed_minor = 0
      or exists (select 1 from ledger.gift where bucket = p_bucket and gift_id = i.lot_id);
    select * into l from ledger.lot where bucket = p_bucket and lot_id = i.lot_id;
    if l.cause_id is distinct from p_cause or i.reversed_minor < 0 or i.reversed_minor > l.amount - (
         select coalesce(sum(reversed_minor), 0) from ledger.return_lot where bucket = p_bucket and lot_id = i.lot_id)
    then
      raise exception 'lot % can not give % back', i.lot_id, i.reversed_minor using errcode = '22023';
    end if;
    select * into w from ledger.wallet where bucket = p_bucket and wallet_id = p_wallet and asset = l.asset;
    v_move := ledger.derived(p_return, 'return' || l.lot_id);
    v_free := w.credited - w.debited - w.held;
    v_left := i.reversed_minor;
    r := row(p_bucket, p_return, l.lot_id, l.asset, v_left, 0, 0, 0, 0, 0, 0, 0, 0, null);
    r.from_pending_minor := least(v_left, l.pending);
    v_left := v_left - r.from_pending_minor;
    -- A lot that is not pending and never became available has lapsed: the member never had this.
    r.lapsed_minor := case when l.available_at is null then v_left else 0 end;
    v_left := v_left - r.lapsed_minor;
    r.from_lot_minor := least(v_left, l.remaining);
    v_left := v_left - r.from_lot_minor;
    r.from_given_minor := least(v_left, l.given);
    v_left := v_left - r.from_given_minor;
    r.from_expired_minor := least(v_left, l.expired);
    v_left := v_left - r.from_expired_minor;
    r.from_other_minor := greatest(0, least(v_left, v_free - r.from_lot_minor));
    v_left := v_left - r.from_other_minor;
    -- What the member owes already, by whatever return, counts towards the most that they may owe.
    r.deficit_minor := greatest(0, least(v_left, p_deficit_max + least(v_free, 0), least(v_free, 0) - w.floor));
    r.loss_minor := v_left - r.deficit_minor;
    r.loss_bearer := case when r.loss_minor > 0 then p_loss_bearer end;

    if r.from_pending_minor > 0 then
      w.pending := w.pending - r.from_pending_minor;
      w.version := w.version + 1;
      v_moves := v_moves || ledger.move(p_bucket, ledger.derived(p_return, 'return_pending' || l.lot_id),
        'return_pending', 'pending', 'contingent', r.from_pending_minor, w, null, l.funder_id, l.asset, l.lot_id,
        p_return, p_partner, p_at);
    end if;
    v_taken := r.from_lot_minor + r.from_other_minor + r.deficit_minor;
    if v_taken > 0 then
      w.debited := w.debited + v_taken;
      w.version := w.version + 1;
      v_moves := v_moves || ledger.move(p_bucket, v_move, 'return', 'available', 'issued', v_taken, w, null,
        l.funder_id, l.asset, null, p_return, p_partner, p_at);
    end if;
    if r.from_given_minor > 0 then
      v_moves := v_moves || ledger.move(p_bucket, ledger.derived(p_return, 'unshare' || l.lot_id), 'unshare', 'due',
        'issued', r.from_given_minor, nobody, l.gives_to, l.funder_id, l.asset, l.lot_id, p_return, p_partner, p_at);
    end if;
    if r.from_expired_minor > 0 then
      v_moves := v_moves || ledger.move(p_bucket, ledger.derived(p_return, 'unexpire' || l.lot_id),
        ledger.breakage_code('unexpire', l.breakage), ledger.breakage_kind(l.breakage), 'issued',
        r.from_expired_minor, nobody, l.breakage_owner, l.funder_id, l.asset, l.lot_id, p_return, p_partner, p_at);
    end if;
    -- A loss that the merchant bears moves nothing: the member keeps it, and the funder stays the one who pays.
    if r.loss_minor > 0 and p_loss_bearer = 'operator' then
      v_moves := v_moves || ledger.move(p_bucket, ledger.derived(p_return, 'loss' || l.lot_id), 'loss', 'loss',
        'issued', r.loss_minor, nobody, p_operator, l.funder_id, l.asset, l.lot_id, p_return, p_partner, p_at);
    end if;

    update ledger.lot
       set pending = pending - r.from_pending_minor,
           due_at = case when pending > r.from_pending_minor then due_at end, given = given - r.from_given_minor,
           expired = expired - r.from_expired_minor
     where bucket = p_bucket and lot_id = l.lot_id;
    if r.from_lot_minor > 0 then
      perform ledger.take(p_bucket, l.lot_id, r.from_lot_minor, p_return, v_move);
    end if;
    if ledger.draw_lots(p_bucket, p_wallet, l.asset, r.from_other_minor, p_return, v_move) <> r.from_other_minor then
      raise exception 'lots do not cover the wallet %', p_wallet;
    end if;
    if r.deficit_minor > 0 then
      insert into ledger.deficit (bucket, transfer_id, wallet_id, asset, cause_id, amount, remaining, opened_at)
      values (p_bucket, v_move, p_wallet, l.asset, p_return, r.deficit_minor, r.deficit_minor, p_at);
    end if;
    update ledger.wallet set pending = w.pending, debited = w.debited, version = w.version
     where bucket = p_bucket and wallet_id = p_wallet and asset = l.asset;
    insert into ledger.return_lot select r.*;
  end loop;
  -- Gifts went past the wallet. Their movements go with the others, so that positions are counted in one order.
  perform ledger.post_moves(p_bucket, v_moves || ledger.take_back_gifts(p_bucket, p_cause, p_return, p_lots, p_partner,
            p_at));
end $$;

-- Takes grants back: what is reversed of each, out of what the member had of the campaign on that day, and, as far as
-- the cause drew on them, back into the bucket's shares of the budgets.
create or replace function ledger.take_back_grants(
  p_bucket smallint, p_wallet uuid, p_cause uuid, p_return uuid, p_grants ledger.return_grant_in[],
  p_releases ledger.release_in[])
returns void language plpgsql as $$
begin
  with back as (
    insert into ledger.grant_return (bucket, cause_id, line_no, version_id, return_id, reversed_minor)
    select p_bucket, p_cause, i.line_no, i.version_id, p_return, i.reversed_minor from unnest(p_grants) i
    returning line_no, version_id, reversed_minor
  )
  update ledger.usage u set granted_minor = u.granted_minor - s.reversed
    from (select g.campaign_id, g.day, sum(b.reversed_minor)::bigint as reversed
            from back b
            join ledger.grant g on g.bucket = p_bucket and g.cause_id = p_cause and g.line_no = b.line_no
             and g.version_id = b.version_id
           group by g.campaign_id, g.day) s
   where u.bucket = p_bucket and u.wallet_id = p_wallet and u.campaign_id = s.campaign_id and u.day = s.day;
  with back as (
    select d.budget_id, least(i.amount, d.amount - d.released) as amount
      from (select budget_id, sum(amount)::bigint as amount from unnest(p_releases) group by budget_id) i
      join ledger.budget_draw d on d.bucket = p_bucket and d.cause_id = p_cause and d.budget_id = i.budget_id
  ), draws as (
    update ledger.budget_draw d set released = d.released + b.amount
      from back b where d.bucket = p_bucket and d.cause_id = p_cause and d.budget_id = b.budget_id
  )
  update ledger.budget_share s set consumed = s.consumed - b.amount
    from back b where s.bucket = p_bucket and s.budget_id = b.budget_id;
end $$;

-- Locks what a return touches, in the order of all writes: the member's wallets, then the shares that get back.
create or replace function ledger.lock_for_return(
  p_bucket smallint, p_wallet uuid, p_releases ledger.release_in[]) returns void language plpgsql as $$
begin
  perform 1 from ledger.wallet where bucket = p_bucket and wallet_id = p_wallet order by asset for no key update;
  perform 1 from ledger.budget_share s
    where s.bucket = p_bucket and s.budget_id in (select budget_id from unnest(p_releases))
    order by s.budget_id for no key update;
end $$;
