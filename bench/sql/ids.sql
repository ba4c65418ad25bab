-- Ids that a load generator can work out from a number, so that neither side of a comparison pays for
-- looking them up: the wallet, member or payee of a number, and a request id that sorts by time.
create schema if not exists bench;

create or replace function bench.bucket(p_number bigint) returns smallint
language sql immutable strict parallel safe as $$ select (p_number & 255)::smallint $$;

create or replace function bench.id(p_time bigint, p_kind text, p_number bigint) returns uuid
language sql immutable strict parallel safe as $$
  select (lpad(to_hex(p_time), 12, '0') || '7000' || p_kind
          || lpad(to_hex((p_number << 8) | (p_number & 255)), 12, '0'))::uuid
$$;

create or replace function bench.wallet(p_number bigint) returns uuid
language sql immutable strict parallel safe as $$ select bench.id(1767225600000, '8000', p_number) $$;

create or replace function bench.member(p_number bigint) returns uuid
language sql immutable strict parallel safe as $$ select bench.id(1767225600000, '9000', p_number) $$;

create or replace function bench.payee(p_number bigint) returns uuid
language sql immutable strict parallel safe as $$ select bench.id(1767225600000, 'a000', p_number) $$;

-- What a client makes for itself: 48 bits of time, then chance, then the wallet's bucket.
create or replace function bench.request(p_number bigint, p_chance bigint) returns uuid
language sql volatile strict parallel safe as $$
  select (lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::bigint), 12, '0') || '70008'
          || lpad(to_hex(p_chance), 13, '0') || lpad(to_hex(p_number & 255), 2, '0'))::uuid
$$;
