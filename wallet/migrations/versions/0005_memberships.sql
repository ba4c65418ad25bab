-- Paid memberships and prepaid subscriptions: what was paid for, until when, and by which acts.
create table ledger.membership (
  bucket smallint not null,
  membership_id uuid not null,
  wallet_id uuid not null,
  scheme_id uuid not null,
  version_id uuid not null,
  seller_id uuid not null,
  asset smallint not null,
  closed text,
  anchor date not null,
  until_day date not null,
  entitled_until timestamptz not null,
  paid_minor bigint not null,
  refunded_minor bigint not null,
  version bigint not null,
  started_at timestamptz not null,
  last_at timestamptz not null,
  reminded_day date,
  primary key (bucket, membership_id),
  constraint membership_closed check (closed in ('cancelled', 'lapsed')),
  constraint membership_amounts check (refunded_minor between 0 and paid_minor)
);
create index membership_wallet on ledger.membership (bucket, wallet_id, started_at);
create unique index membership_once on ledger.membership (bucket, wallet_id, scheme_id) where closed is null;
create index membership_plan on ledger.membership (scheme_id, entitled_until);

create table ledger.membership_act (
  bucket smallint not null,
  membership_id uuid not null,
  number integer not null,
  act_id uuid not null,
  wallet_id uuid not null,
  kind text not null,
  scheme_id uuid not null,
  version_id uuid not null,
  anchor date not null,
  from_day date,
  until_day date not null,
  entitled_until timestamptz not null,
  worth_minor bigint not null,
  paid_minor bigint not null,
  refund_minor bigint not null,
  credit_minor bigint not null,
  why text,
  reference text,
  reason text,
  by_kind text not null,
  by_id uuid,
  fingerprint uuid not null,
  effective_at timestamptz not null,
  recorded_at timestamptz not null,
  primary key (bucket, membership_id, number),
  constraint membership_act_kind check (kind in ('started', 'renewed', 'changed', 'cancelled', 'lapsed',
    'reinstated')),
  constraint membership_act_amounts check (paid_minor >= 0 and refund_minor >= 0 and credit_minor >= 0),
  constraint membership_act_term check (case when kind in ('cancelled', 'lapsed')
    then from_day is null and worth_minor = 0 and paid_minor = 0 and reference is null
    else from_day < until_day and reference is not null
    and worth_minor = paid_minor + credit_minor - refund_minor end),
  constraint membership_act_once unique (bucket, act_id)
);
create index membership_act_wallet on ledger.membership_act (bucket, wallet_id, effective_at);

create table ledger.subscription (
  bucket smallint not null,
  subscription_id uuid not null,
  wallet_id uuid not null,
  merchant_id uuid not null,
  reference text not null,
  asset smallint not null,
  deliveries integer not null,
  total_minor bigint not null,
  rhythm text not null,
  amounts text not null,
  fingerprint uuid not null,
  opened_at timestamptz not null,
  cancelled_at timestamptz,
  cancel_id uuid,
  cancel_fingerprint uuid,
  cancel_reason text,
  left_minor bigint,
  primary key (bucket, subscription_id),
  constraint subscription_priced check (amounts in ('shares', 'as_reported')),
  constraint subscription_amounts check (deliveries > 0 and total_minor > 0),
  constraint subscription_cancelled check ((cancelled_at is null) = (cancel_id is null)
    and (cancelled_at is null) = (cancel_fingerprint is null)
    and (cancelled_at is null) = (left_minor is null)
    and (left_minor is null or left_minor between 0 and total_minor)),
  constraint subscription_reference unique (bucket, merchant_id, reference)
);
create index subscription_wallet on ledger.subscription (bucket, wallet_id, opened_at, subscription_id);

-- Most purchases are no delivery, and cost nothing here.
create index purchase_delivery on ledger.purchase (bucket, wallet_id, subscription) where subscription is not null;
