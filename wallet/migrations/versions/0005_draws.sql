-- Draws: what a member says about their own games, and in which country they live.
create table ledger.play_limit (
  bucket smallint not null,
  wallet_id uuid not null,
  version bigint not null default 0,
  day_most bigint,
  week_most bigint,
  month_most bigint,
  later_day_most bigint,
  later_week_most bigint,
  later_month_most bigint,
  later_at timestamptz,
  excluded_at timestamptz,
  excluded_until timestamptz,
  primary key (bucket, wallet_id),
  constraint play_limit_excluded check (excluded_until is null or excluded_at is not null)
);

create table ledger.ticket (
  bucket smallint not null,
  ticket_id uuid not null,
  wallet_id uuid not null,
  draw_id uuid not null,
  source text not null,
  source_id uuid not null,
  number smallint not null default 0,
  granted_at timestamptz not null,
  expires_at timestamptz,
  used_at timestamptz,
  used_by uuid,
  withdrawn_at timestamptz,
  primary key (bucket, ticket_id),
  constraint ticket_used check ((used_at is null) = (used_by is null)),
  constraint ticket_once check (used_at is null or withdrawn_at is null),
  constraint ticket_source unique (bucket, draw_id, source, source_id, number)
);
create index ticket_wallet on ledger.ticket (bucket, wallet_id, granted_at, ticket_id);
create index ticket_played on ledger.ticket (bucket, wallet_id, used_at) where used_at is not null;

create table ledger.spin (
  bucket smallint not null,
  spin_id uuid not null,
  wallet_id uuid not null,
  ticket_id uuid not null,
  draw_id uuid not null,
  client_seed text not null,
  fingerprint uuid not null,
  spun_at timestamptz not null,
  epoch integer,
  number integer,
  prize text,
  award_id uuid,
  note text,
  settled_at timestamptz,
  primary key (bucket, spin_id),
  constraint spin_settled check ((settled_at is null) = (prize is null) and (settled_at is null) = (epoch is null)
    and (settled_at is null) = (number is null)),
  constraint spin_ticket unique (bucket, ticket_id)
);
create index spin_wallet on ledger.spin (bucket, wallet_id, spun_at, spin_id);
create index spin_owed on ledger.spin (spun_at) where settled_at is null;

create table ledger.entry (
  bucket smallint not null,
  entry_id uuid not null,
  wallet_id uuid not null,
  ticket_id uuid not null,
  draw_id uuid not null,
  named boolean not null,
  fingerprint uuid not null,
  entered_at timestamptz not null,
  primary key (bucket, entry_id),
  constraint entry_ticket unique (bucket, ticket_id)
);
create index entry_draw on ledger.entry (bucket, draw_id, ticket_id);
create index entry_wallet on ledger.entry (bucket, wallet_id, entered_at, entry_id);

create table ledger.draw_gate (
  bucket smallint not null,
  draw_id uuid not null,
  closed_at timestamptz,
  primary key (bucket, draw_id)
);

create table coalition.draw_seed (
  draw_id uuid not null,
  epoch integer not null,
  kind text not null,
  commitment bytea not null,
  committed_at timestamptz not null,
  version_id uuid,
  definition_sha256 bytea,
  opened_at timestamptz,
  closed_at timestamptz,
  seed bytea,
  spins integer not null default 0,
  primary key (draw_id, epoch),
  constraint draw_seed_revealed check (seed is null or closed_at is not null),
  constraint draw_seed_committed check (committed_at <= opened_at),
  constraint draw_seed_true check (seed is null or sha256(seed) = commitment)
);
create index draw_seed_secret on coalition.draw_seed (draw_id, epoch) where seed is null;

create table coalition.draw_secret (
  draw_id uuid not null,
  epoch integer not null,
  seed bytea not null,
  primary key (draw_id, epoch),
  constraint draw_secret_long check (length(seed) = 32)
);

create table coalition.draw_turn (
  draw_id uuid not null,
  epoch integer not null,
  number integer not null,
  ticket_id uuid not null,
  client_seed text not null,
  drawn text not null,
  given text not null,
  unit integer,
  drawn_at timestamptz not null,
  primary key (draw_id, epoch, number),
  constraint draw_turn_unit check (unit is null or given = drawn),
  constraint draw_turn_ticket unique (ticket_id),
  constraint draw_turn_unit_once unique (draw_id, drawn, unit)
);

create table coalition.draw_list (
  draw_id uuid not null,
  frozen_at timestamptz not null,
  sha256 bytea not null,
  tickets uuid[] not null default '{}',
  primary key (draw_id)
);

create table coalition.draw_result (
  draw_id uuid not null,
  randomness text,
  drawn_at timestamptz not null,
  primary key (draw_id)
);

create table coalition.draw_place (
  draw_id uuid not null,
  place integer not null,
  ticket_id uuid not null,
  prize text,
  passed boolean not null default false,
  name text,
  award_id uuid,
  note text,
  settled_at timestamptz,
  primary key (draw_id, place),
  constraint draw_place_ticket unique (ticket_id)
);
create index draw_place_owed on coalition.draw_place (draw_id, place) where prize is not null and settled_at is null;

alter table coalition.profile add column country text;
alter table coalition.profile add constraint profile_country check (country ~ '^[A-Z]{2}$');
