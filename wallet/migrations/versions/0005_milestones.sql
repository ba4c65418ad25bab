-- Milestones: what members did besides buying, which targets they reached, and the news of it.
create table ledger.activity (
  bucket smallint not null,
  activity_id uuid not null,
  wallet_id uuid not null,
  merchant_id uuid not null,
  kind text not null,
  name text,
  reference text not null,
  proof text,
  purchase_id uuid,
  line_no integer,
  score integer,
  stars integer,
  fingerprint uuid not null,
  happened_at timestamptz not null,
  reported_at timestamptz not null,
  primary key (bucket, activity_id)
);

create unique index activity_reviewed on ledger.activity (bucket, purchase_id, line_no) where kind = 'review';

create index activity_wallet on ledger.activity (bucket, wallet_id, happened_at);

create table ledger.completion (
  bucket smallint not null,
  completion_id uuid not null,
  wallet_id uuid not null,
  milestone_id uuid not null,
  version_id uuid not null,
  period text not null,
  nth integer not null,
  measured bigint not null,
  causes uuid[] not null default '{}',
  award_id uuid,
  reached_at timestamptz not null,
  recorded_at timestamptz not null,
  taken_back_at timestamptz,
  primary key (bucket, completion_id),
  constraint completion_counts check (nth > 0 and measured > 0)
);

create unique index completion_standing on ledger.completion (bucket, wallet_id, milestone_id, period, nth)
  where taken_back_at is null;

create index completion_wallet on ledger.completion (bucket, wallet_id, reached_at, completion_id);

create table ledger.happening (
  bucket smallint not null,
  wallet_id uuid not null,
  n integer not null,
  topic text not null,
  subject_id uuid not null,
  happened_at timestamptz not null,
  primary key (bucket, wallet_id, n),
  constraint happening_number check (n > 0)
);
