-- Safe spending: rules of the programme, locks of members, and spends that a person has to look at.
create table coalition.spending_rules (
  version INTEGER NOT NULL,
  request_id UUID NOT NULL,
  one_minor BIGINT,
  day_minor BIGINT,
  hour_most INTEGER NOT NULL,
  day_most INTEGER NOT NULL,
  merchants UUID[],
  territories TEXT[] DEFAULT '{}' NOT NULL,
  note TEXT NOT NULL,
  published_by UUID NOT NULL,
  published_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  PRIMARY KEY (version),
  UNIQUE (request_id),
  CONSTRAINT spending_rules_counts CHECK (hour_most > 0 and day_most > 0),
  CONSTRAINT spending_rules_amounts CHECK (one_minor > 0 and day_minor > 0)
);

create table ledger.spend_lock (
  bucket SMALLINT NOT NULL,
  wallet_id UUID NOT NULL,
  locked BOOLEAN NOT NULL,
  by_kind TEXT NOT NULL,
  changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  version BIGINT DEFAULT 1 NOT NULL,
  PRIMARY KEY (bucket, wallet_id),
  CONSTRAINT spend_lock_by CHECK (by_kind in ('member', 'staff'))
);

create table ledger.spend_review (
  bucket SMALLINT NOT NULL,
  review_id UUID NOT NULL,
  wallet_id UUID NOT NULL,
  merchant_id UUID NOT NULL,
  asset SMALLINT NOT NULL,
  amount BIGINT NOT NULL,
  passed TEXT NOT NULL,
  most BIGINT NOT NULL,
  tries BIGINT DEFAULT 1 NOT NULL,
  asked_at TIMESTAMP WITH TIME ZONE NOT NULL,
  state TEXT DEFAULT 'open' NOT NULL,
  decided_by UUID,
  reason TEXT,
  decided_at TIMESTAMP WITH TIME ZONE,
  good_until TIMESTAMP WITH TIME ZONE,
  used_by UUID,
  PRIMARY KEY (bucket, review_id),
  CONSTRAINT spend_review_state CHECK (state in ('open', 'allowed', 'denied')),
  CONSTRAINT spend_review_decided CHECK ((state = 'open') = (decided_by is null)),
  CONSTRAINT spend_review_good CHECK ((state = 'allowed') = (good_until is not null)),
  CONSTRAINT spend_review_used CHECK (used_by is null or state = 'allowed')
);

create unique index spend_review_open ON ledger.spend_review (bucket, wallet_id, merchant_id) where state = 'open';

create index spend_review_newest ON ledger.spend_review (asked_at, review_id);

alter table identity.access_grant add column spends_since timestamp with time zone
