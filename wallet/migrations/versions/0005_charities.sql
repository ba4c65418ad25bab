-- The directory of charities with the steps of each, the agreements that come before any promise of a gift, what
-- members give, and their standing pledges.
create table coalition.charity (
  charity_id uuid not null,
  version bigint not null,
  state text not null,
  name text not null,
  about text not null,
  category text not null,
  country text not null,
  registrar text not null,
  registration text not null,
  website text not null,
  created_at timestamptz not null,
  primary key (charity_id),
  constraint charity_state check (state in ('proposed', 'verified', 'suspended', 'closed')),
  constraint charity_category check (category in ('animals', 'environment', 'health', 'education', 'poverty', 'arts',
    'disaster', 'other')),
  constraint charity_country check (country ~ '^[A-Z]{2}$'),
  constraint charity_registration unique (country, registrar, registration)
);
create index charity_name on coalition.charity (name, charity_id);

create table coalition.charity_change (
  change_id uuid not null,
  charity_id uuid not null,
  version bigint not null,
  act text not null,
  state text not null,
  facts jsonb not null,
  reason text not null,
  evidence text,
  actor_kind text not null,
  actor_id uuid,
  happened_at timestamptz not null,
  primary key (change_id),
  constraint charity_change_act check (act in ('save', 'verify', 'suspend', 'close')),
  constraint charity_change_evidence check ((act = 'verify') = (evidence is not null)),
  constraint charity_change_version unique (charity_id, version)
);

create table coalition.charity_agreement (
  agreement_id uuid not null,
  charity_id uuid not null,
  funder_id uuid not null,
  reference text not null,
  statement jsonb not null,
  valid_from timestamptz not null,
  valid_until timestamptz,
  reason text not null,
  actor_kind text not null,
  actor_id uuid,
  recorded_at timestamptz not null default clock_timestamp(),
  primary key (agreement_id),
  constraint charity_agreement_span check (valid_until > valid_from),
  constraint charity_agreement_statement check (statement ? 'en')
);
create index charity_agreement_parties on coalition.charity_agreement (charity_id, funder_id, valid_from);

create table ledger.donation (
  bucket smallint not null,
  donation_id uuid not null,
  wallet_id uuid not null,
  asset smallint not null,
  charity_id uuid not null,
  amount bigint not null,
  kind text not null,
  pledge_id uuid,
  cause_id uuid,
  donated_at timestamptz not null,
  primary key (bucket, donation_id),
  constraint donation_amount check (amount > 0),
  constraint donation_kind check (kind in ('once', 'share', 'round_up', 'expiring')),
  constraint donation_cause check ((kind = 'once') = (cause_id is null)),
  constraint donation_pledge check (kind in ('once', 'expiring') or pledge_id is not null)
);
create index donation_wallet on ledger.donation (bucket, wallet_id, donated_at, donation_id);

insert into ledger.donation (bucket, donation_id, wallet_id, asset, charity_id, amount, kind, donated_at)
select bucket, transfer_id, wallet_id, asset, credit_owner, amount, 'once', effective_at
  from ledger.transfer where code = 'donate';

create table ledger.pledge (
  bucket smallint not null,
  pledge_id uuid not null,
  wallet_id uuid not null,
  asset smallint not null,
  kind text not null,
  charity_id uuid not null,
  share_bps integer,
  multiple bigint,
  from_version bigint not null,
  seen_version bigint not null,
  until_version bigint,
  given bigint not null default 0,
  ended_as text,
  fingerprint uuid not null,
  set_at timestamptz not null,
  ended_at timestamptz,
  primary key (bucket, pledge_id),
  constraint pledge_kind check (kind in ('share', 'round_up', 'expiring')),
  constraint pledge_share check ((kind = 'share') = (share_bps is not null) and share_bps between 1 and 10000),
  constraint pledge_multiple check ((kind = 'round_up') = (multiple is not null) and multiple > 1),
  constraint pledge_seen check (seen_version >= from_version and given >= 0),
  constraint pledge_ended check ((until_version is null) = (ended_at is null)
    and (until_version is null) = (ended_as is null)),
  constraint pledge_ended_as check (ended_as in ('replaced', 'ended'))
);
create index pledge_wallet on ledger.pledge (bucket, wallet_id, set_at, pledge_id);
create unique index pledge_standing on ledger.pledge (bucket, wallet_id, asset, kind, charity_id)
  where until_version is null;

drop function if exists ledger.donate(smallint, uuid, uuid, uuid, smallint, uuid, bigint, timestamptz)
