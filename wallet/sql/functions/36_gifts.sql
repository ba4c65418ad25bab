-- Gifts: what a campaign's funders give to a charity for a purchase or an activity, beside the member's wallet. A gift
-- is promised with its cause, and becomes due to the charity when the clock of the cause runs out; until then no value
-- moves, so goods that come back in time cost nobody anything.
do $$ begin
  if to_regtype('ledger.gift_in') is null then
    create type ledger.gift_in as (
      bucket smallint, cause_id uuid, gift_id uuid, rule_id uuid, charity_id uuid, funder_id uuid, asset smallint,
      amount bigint, due_at timestamptz, due_as text, in_kind text, unit_minor bigint);
  end if;
end $$;

-- Keeps the gifts of what is being posted; gifts of others are left out. The caller holds the wallets' locks.
create or replace function ledger.promise_gifts(
  p_buckets smallint[], p_gifts ledger.gift_in[], p_posted ledger.purchase_in[], p_at timestamptz)
returns void language sql as $$
  insert into ledger.gift (bucket, gift_id, wallet_id, cause_id, rule_id, funder_id, charity_id, asset, amount,
    promised, in_kind, unit_minor, promised_at, due_at, due_as)
  select g.bucket, g.gift_id, p.wallet_id, g.cause_id, g.rule_id, g.funder_id, g.charity_id, g.asset, g.amount,
         g.amount, g.in_kind, g.unit_minor, p_at, g.due_at, g.due_as
    from unnest(p_gifts) g join unnest(p_posted) p on p.bucket = g.bucket and p.purchase_id = g.cause_id
   where g.bucket = any (p_buckets)
$$;

-- Gives what was promised and is due now; a promise whose event never came lapses, and one to a charity that is not
-- verified now is put off for a day, so that those that wait for ever are not read with every turn. Locks all wallets
-- first and counts on positions bucket by bucket after them, in the one order of all writes. Running it twice or late
-- is harmless.
create or replace function ledger.give_due(p_buckets smallint[], p_limit int, p_at timestamptz default null)
returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan as $$
declare
  v_at timestamptz := coalesce(p_at, clock_timestamp());
  nobody ledger.wallet;
  v_gifts uuid[];
  v_of smallint[];
  v_off boolean[];
  v_bucket smallint;
  v_moves ledger.transfer[];
  v_given int := 0;
  v_put_off int := 0;
  v_lapsed int := 0;
  v_count int;
begin
  select array_agg(bucket), array_agg(gift_id), array_agg(off) into v_of, v_gifts, v_off
    from (select g.bucket, g.gift_id, g.due_as = 'mature' and coalesce(c.state, 'verified') <> 'verified' as off
            from ledger.gift g left join coalition.charity c on c.charity_id = g.charity_id
           where g.due_at <= v_at and g.bucket = any (p_buckets)
           order by g.due_at limit p_limit) due;
  if v_gifts is null then return '{"given": 0, "lapsed": 0, "put_off": 0}'; end if;
  perform 1
     from ledger.wallet w
     join (select distinct g.bucket, g.wallet_id
             from unnest(v_of, v_gifts) as i (bucket, gift_id)
             join ledger.gift g on g.bucket = i.bucket and g.gift_id = i.gift_id) i
       on w.bucket = i.bucket and w.wallet_id = i.wallet_id
    order by w.bucket, w.wallet_id, w.asset for no key update of w;
  for v_bucket in select distinct b from unnest(v_of) b order by b loop
    update ledger.gift set due_at = v_at + interval '1 day'
     where bucket = v_bucket and due_at <= v_at
       and gift_id in (select i.gift_id from unnest(v_gifts, v_off) i (gift_id, off) where i.off);
    get diagnostics v_count = row_count;
    v_put_off := v_put_off + v_count;
    v_moves := array(
      select ledger.move(v_bucket, gift_id, 'gift', 'issued', 'due', promised, nobody,
               funder_id, charity_id, asset, null, cause_id, funder_id, v_at)
        from ledger.gift
       where bucket = v_bucket and gift_id = any (v_gifts) and due_at <= v_at and due_as = 'mature' order by gift_id);
    perform ledger.tell(bucket, gift_id, 'gift.given', wallet_id, gift_id, v_at,
              jsonb_build_object('amount', promised, 'charity_id', charity_id, 'funder_id', funder_id, 'asset', asset))
       from ledger.gift
      where bucket = v_bucket and gift_id = any (v_gifts) and due_at <= v_at and due_as = 'mature';
    update ledger.gift set promised = 0, due_at = null
     where bucket = v_bucket and gift_id = any (v_gifts) and due_at <= v_at and due_as = 'lapse';
    get diagnostics v_count = row_count;
    v_lapsed := v_lapsed + v_count;
    update ledger.gift set given = promised, promised = 0, due_at = null, given_at = v_at
     where bucket = v_bucket and gift_id = any (v_gifts) and due_at <= v_at and due_as = 'mature';
    v_given := v_given + cardinality(v_moves);
    perform ledger.post_moves(v_bucket, v_moves);
  end loop;
  return jsonb_build_object('given', v_given, 'lapsed', v_lapsed, 'put_off', v_put_off);
end $$;

-- Whether what came to a charity's account as its p_version-th movement in the bucket is in a batch that was not taken
-- back: then it is on its way, and nobody gets it back.
create or replace function ledger.is_remitted(
  p_bucket smallint, p_charity uuid, p_asset smallint, p_version bigint) returns boolean
language sql stable as $$
  select exists (select 1 from ledger.remittance_line
                  where bucket = p_bucket and charity_id = p_charity and asset = p_asset and amount <> 0
                    and cancelled_at is null and due_version > p_version)
$$;

-- Takes back what some gifts of one cause gave, of those of p_back that are gifts, and returns the movements to post:
-- what is still promised is only promised no more; what is due to the charity goes back to its funder; what is on its
-- way to the charity, or there, stays, and the funder has given it. A gift that lapsed has nothing to take.
create or replace function ledger.take_back_gifts(
  p_bucket smallint, p_cause uuid, p_return uuid, p_back ledger.return_lot_in[], p_partner uuid, p_at timestamptz)
returns ledger.transfer[] language plpgsql as $$
declare
  i record;
  g ledger.gift;
  nobody ledger.wallet;
  r ledger.gift_return;
  v_moves ledger.transfer[] := '{}';
  v_left bigint;
begin
  for i in
    select b.lot_id as gift_id, sum(b.reversed_minor)::bigint as minor
      from unnest(p_back) b join ledger.gift o on o.bucket = p_bucket and o.gift_id = b.lot_id
     group by b.lot_id order by b.lot_id
  loop
    continue when i.minor = 0;
    select * into g from ledger.gift where bucket = p_bucket and gift_id = i.gift_id;
    if g.cause_id <> p_cause or i.minor < 0 or i.minor > g.amount - (
         select coalesce(sum(reversed_minor), 0) from ledger.gift_return
          where bucket = p_bucket and gift_id = g.gift_id) then
      raise exception 'gift % can not give % back', g.gift_id, i.minor using errcode = '22023';
    end if;
    r := row(p_bucket, p_return, g.gift_id, i.minor, least(i.minor, g.promised), 0, 0, 0);
    v_left := i.minor - r.from_promised_minor;
    if v_left > 0 and g.given_at is null then
      r.lapsed_minor := v_left;
    elsif v_left > 0 and ledger.is_remitted(p_bucket, g.charity_id, g.asset, (
         select credit_version from ledger.transfer
          where bucket = p_bucket and transfer_id = g.gift_id)) then
      r.kept_minor := v_left;
    elsif v_left > 0 then
      r.from_given_minor := v_left;
      v_moves := v_moves || ledger.move(p_bucket, ledger.derived(p_return, 'ungift' || g.gift_id), 'ungift', 'due',
        'issued', v_left, nobody, g.charity_id, g.funder_id, g.asset, null, p_return, p_partner, p_at);
    end if;
    update ledger.gift
       set promised = promised - r.from_promised_minor, given = given - r.from_given_minor,
           due_at = case when promised > r.from_promised_minor then due_at end
     where bucket = p_bucket and gift_id = g.gift_id;
    insert into ledger.gift_return select r.*;
  end loop;
  return v_moves;
end $$;
