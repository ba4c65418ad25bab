-- The directory of charities with the steps of each, and the agreements that come before any promise of a gift.
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
