-- A peer to measure against: the well-known design of a ledger inside PostgreSQL that keeps a numeric
-- balance on each account and writes three rows for each movement, one transfer and two entries, with
-- text ids, foreign keys and a metadata document. The idea is pgledger's (github.com/pgr0ss/pgledger);
-- this is our own writing of it: same tables, same keys and indexes, same locks in the same order, same
-- checks. `moves` works as the original does, on a list of requests, with ids whose source is looked
-- up when they are made, and reads back what it wrote. `move` is the same design trimmed to what one
-- movement needs, which the original does not offer; it is measured too, so that nobody is flattered.
create schema three_row;

-- A ULID: 128 bits that begin with the time, as 26 letters of five bits each.
create function three_row.ulid(p_id uuid) returns text language plpgsql immutable as $$
declare
  b bytea := uuid_send(p_id);
  c text := '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
begin
  return substr(c, 1 + ((get_byte(b, 0) >> 5) & 31), 1)
      || substr(c, 1 + ((get_byte(b, 0)) & 31), 1)
     
      || substr(c, 1 + ((get_byte(b, 1) >> 3) & 31), 1)
      || substr(c, 1 + (((get_byte(b, 2) >> 6) | (get_byte(b, 1) << 2)) & 31), 1)
     
      || substr(c, 1 + ((get_byte(b, 2) >> 1) & 31), 1)
      || substr(c, 1 + (((get_byte(b, 3) >> 4) | (get_byte(b, 2) << 4)) & 31), 1)
     
      || substr(c, 1 + (((get_byte(b, 4) >> 7) | (get_byte(b, 3) << 1)) & 31), 1)
      || substr(c, 1 + ((get_byte(b, 4) >> 2) & 31), 1)
     
      || substr(c, 1 + (((get_byte(b, 5) >> 5) | (get_byte(b, 4) << 3)) & 31), 1)
      || substr(c, 1 + ((get_byte(b, 5)) & 31), 1)
     
      || substr(c, 1 + ((get_byte(b, 6) >> 3) & 31), 1)
      || substr(c, 1 + (((get_byte(b, 7) >> 6) | (get_byte(b, 6) << 2)) & 31), 1)
     
      || substr(c, 1 + ((get_byte(b, 7) >> 1) & 31), 1)
      || substr(c, 1 + (((get_byte(b, 8) >> 4) | (get_byte(b, 7) << 4)) & 31), 1)
     
      || substr(c, 1 + (((get_byte(b, 9) >> 7) | (get_byte(b, 8) << 1)) & 31), 1)
      || substr(c, 1 + ((get_byte(b, 9) >> 2) & 31), 1)
     
      || substr(c, 1 + (((get_byte(b, 10) >> 5) | (get_byte(b, 9) << 3)) & 31), 1)
      || substr(c, 1 + ((get_byte(b, 10)) & 31), 1)
     
      || substr(c, 1 + ((get_byte(b, 11) >> 3) & 31), 1)
      || substr(c, 1 + (((get_byte(b, 12) >> 6) | (get_byte(b, 11) << 2)) & 31), 1)
     
      || substr(c, 1 + ((get_byte(b, 12) >> 1) & 31), 1)
      || substr(c, 1 + (((get_byte(b, 13) >> 4) | (get_byte(b, 12) << 4)) & 31), 1)
     
      || substr(c, 1 + (((get_byte(b, 14) >> 7) | (get_byte(b, 13) << 1)) & 31), 1)
      || substr(c, 1 + ((get_byte(b, 14) >> 2) & 31), 1)
     
      || substr(c, 1 + (((get_byte(b, 15) >> 5) | (get_byte(b, 14) << 3)) & 31), 1)
      || substr(c, 1 + ((get_byte(b, 15)) & 31), 1);
end $$;

-- Time in front, as UUIDv7 has it; written out, because PostgreSQL has that function only since version 18.
create function three_row.time_id() returns uuid language sql volatile as $$
  select (lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::bigint), 12, '0')
     || '7' || substr(replace(gen_random_uuid()::text, '-', ''), 14))::uuid
$$;

create function three_row.trimmed_id(p_prefix text) returns text language sql volatile as $$
  select p_prefix || '_' || three_row.ulid(three_row.time_id())
$$;

-- As the original makes ids: the server's own function where it has one, found by name at run time.
create function three_row.server_makes_ids() returns boolean language sql immutable as $$
  select exists (select 1 from pg_proc where proname = 'uuidv7')
$$;

create function three_row.best_id() returns uuid language plpgsql volatile as $$
declare
  v_id uuid;
begin
  if three_row.server_makes_ids() then
    execute 'select uuidv7()' into v_id;
    return v_id;
  end if;
  return three_row.time_id();
end $$;

create function three_row.new_id(p_prefix text) returns text language sql volatile as $$
  select p_prefix || '_' || three_row.ulid(three_row.best_id())
$$;

create table three_row.account (
  id text primary key default three_row.new_id('acct'),
  name text not null,
  currency text not null,
  balance numeric not null default 0,
  version bigint not null default 0,
  may_be_negative boolean not null,
  may_be_positive boolean not null,
  metadata jsonb,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table three_row.transfer (
  id text primary key default three_row.new_id('trfr'),
  from_account_id text not null references three_row.account (id),
  to_account_id text not null references three_row.account (id),
  amount numeric not null,
  created_at timestamptz not null,
  event_at timestamptz not null,
  metadata jsonb,
  check (amount > 0 and from_account_id <> to_account_id)
);
create index transfer_from on three_row.transfer (from_account_id);
create index transfer_to on three_row.transfer (to_account_id);
create index transfer_event on three_row.transfer (event_at);

create table three_row.entry (
  id text primary key default three_row.new_id('entr'),
  account_id text not null references three_row.account (id),
  transfer_id text not null references three_row.transfer (id),
  amount numeric not null,
  previous_balance numeric not null,
  current_balance numeric not null,
  account_version bigint not null,
  created_at timestamptz not null
);
create index entry_account on three_row.entry (account_id);
create index entry_transfer on three_row.entry (transfer_id);

create function three_row.account_id(p_kind text, p_number bigint) returns text
language sql immutable parallel safe as $$
  select p_kind || '_' || lpad(p_number::text, 26, '0')
$$;

create function three_row.check_sign(p_account three_row.account) returns void language plpgsql as $$
begin
  if p_account.balance < 0 and not p_account.may_be_negative then
    raise exception 'account % may not be negative', p_account.id;
  end if;
  if p_account.balance > 0 and not p_account.may_be_positive then
    raise exception 'account % may not be positive', p_account.id;
  end if;
end $$;

create function three_row.move(
  p_from text, p_to text, p_amount numeric, p_event_at timestamptz default null, p_metadata jsonb default null)
returns text language plpgsql as $$
declare
  a three_row.account;
  b three_row.account;
  v_id text;
begin
  if p_amount <= 0 then raise exception 'the amount % is not positive', p_amount; end if;
  -- Both accounts in the order of their ids, so that two movements between the same two never deadlock.
  perform 1 from three_row.account where id = least(p_from, p_to) for update;
  perform 1 from three_row.account where id = greatest(p_from, p_to) for update;
  update three_row.account set balance = balance - p_amount, version = version + 1, updated_at = now()
   where id = p_from returning * into a;
  perform three_row.check_sign(a);
  update three_row.account set balance = balance + p_amount, version = version + 1, updated_at = now()
   where id = p_to returning * into b;
  perform three_row.check_sign(b);
  if a.currency <> b.currency then raise exception 'currencies differ'; end if;
  v_id := three_row.trimmed_id('trfr');
  insert into three_row.transfer (id, from_account_id, to_account_id, amount, created_at, event_at, metadata)
  values (v_id, p_from, p_to, p_amount, now(), coalesce(p_event_at, now()), p_metadata);
  insert into three_row.entry
    (id, account_id, transfer_id, amount, previous_balance, current_balance, account_version, created_at)
  values (three_row.trimmed_id('entr'), p_from, v_id, -p_amount, a.balance + p_amount, a.balance, a.version, now());
  insert into three_row.entry
    (id, account_id, transfer_id, amount, previous_balance, current_balance, account_version, created_at)
  values (three_row.trimmed_id('entr'), p_to, v_id, p_amount, b.balance - p_amount, b.balance, b.version, now());
  return v_id;
end $$;

create view three_row.transfers as
select id, from_account_id, to_account_id, amount, created_at, event_at, metadata from three_row.transfer;

create type three_row.request as (from_id text, to_id text, amount numeric);

create function three_row.moves(
  p_requests three_row.request[], p_event_at timestamptz default null, p_metadata jsonb default null)
returns setof three_row.transfers language plpgsql as $$
declare
  q three_row.request;
  a three_row.account;
  b three_row.account;
  v_account text;
  v_accounts text[] := '{}';
  v_id text;
  v_done text[] := '{}';
begin
  foreach q in array p_requests loop
    v_accounts := v_accounts || q.from_id || q.to_id;
  end loop;
  select array(select distinct one from unnest(v_accounts) one order by one) into v_accounts;
  foreach v_account in array v_accounts loop
    perform 1 from three_row.account where id = v_account for update;
  end loop;
  foreach q in array p_requests loop
    if q.amount <= 0 then raise exception 'the amount % is not positive', q.amount; end if;
    if q.from_id = q.to_id then raise exception 'both sides are account %', q.from_id; end if;
    update three_row.account set balance = balance - q.amount, version = version + 1, updated_at = now()
     where id = q.from_id returning * into a;
    perform three_row.check_sign(a);
    update three_row.account set balance = balance + q.amount, version = version + 1, updated_at = now()
     where id = q.to_id returning * into b;
    perform three_row.check_sign(b);
    if a.currency <> b.currency then raise exception 'currencies differ'; end if;
    insert into three_row.transfer (from_account_id, to_account_id, amount, created_at, event_at, metadata)
    values (q.from_id, q.to_id, q.amount, now(), coalesce(p_event_at, now()), p_metadata) returning id into v_id;
    v_done := v_done || v_id;
    insert into three_row.entry
      (account_id, transfer_id, amount, previous_balance, current_balance, account_version, created_at)
    values (q.from_id, v_id, -q.amount, a.balance + q.amount, a.balance, a.version, now());
    insert into three_row.entry
      (account_id, transfer_id, amount, previous_balance, current_balance, account_version, created_at)
    values (q.to_id, v_id, q.amount, b.balance - q.amount, b.balance, b.version, now());
  end loop;
  return query select * from three_row.transfers t where t.id = any (v_done) order by t.id;
end $$;

-- One movement, as the original offers it: a list of one.
create function three_row.post(
  p_from text, p_to text, p_amount numeric, p_event_at timestamptz default null, p_metadata jsonb default null)
returns setof three_row.transfers language plpgsql as $$
begin
  return query select * from three_row.moves(
    array[(p_from, p_to, p_amount)::three_row.request], p_event_at, p_metadata);
end $$;
