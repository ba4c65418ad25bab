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
