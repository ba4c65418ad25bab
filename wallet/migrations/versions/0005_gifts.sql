-- Gifts to charities beside members' wallets, matches of members' gifts, and what is paid out to charities.
alter table coalition.budget drop constraint budget_kind;

alter table coalition.budget add constraint budget_kind CHECK (kind in ('campaign', 'merchant', 'funder', 'match'));

create table ledger.gift (
  bucket SMALLINT NOT NULL,
  gift_id UUID NOT NULL,
  wallet_id UUID NOT NULL,
  cause_id UUID NOT NULL,
  rule_id UUID NOT NULL,
  funder_id UUID NOT NULL,
  charity_id UUID NOT NULL,
  asset SMALLINT NOT NULL,
  amount BIGINT NOT NULL,
  promised BIGINT NOT NULL,
  given BIGINT DEFAULT 0 NOT NULL,
  in_kind TEXT,
  unit_minor BIGINT NOT NULL,
  promised_at TIMESTAMP WITH TIME ZONE NOT NULL,
  due_at TIMESTAMP WITH TIME ZONE,
  due_as TEXT NOT NULL,
  given_at TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (bucket, gift_id),
  CONSTRAINT gift_amounts CHECK (amount > 0 and unit_minor > 0),
  CONSTRAINT gift_not_negative CHECK (promised >= 0 and given >= 0),
  CONSTRAINT gift_within_amount CHECK (promised + given <= amount),
  CONSTRAINT gift_due CHECK ((due_at is null) = (promised = 0)),
  CONSTRAINT gift_due_as CHECK (due_as in ('mature', 'lapse')),
  CONSTRAINT gift_given CHECK (given = 0 or given_at is not null)
);

create index gift_cause ON ledger.gift (bucket, cause_id);

create index gift_charity ON ledger.gift (charity_id, asset);

create index gift_wallet ON ledger.gift (bucket, wallet_id, promised_at);

create index gift_when_due ON ledger.gift (due_at) WHERE due_at is not null;

create table ledger.gift_return (
  bucket SMALLINT NOT NULL,
  return_id UUID NOT NULL,
  gift_id UUID NOT NULL,
  reversed_minor BIGINT NOT NULL,
  from_promised_minor BIGINT NOT NULL,
  from_given_minor BIGINT NOT NULL,
  lapsed_minor BIGINT NOT NULL,
  kept_minor BIGINT NOT NULL,
  PRIMARY KEY (bucket, return_id, gift_id),
  CONSTRAINT gift_return_adds_up CHECK (
    reversed_minor = from_promised_minor + from_given_minor + lapsed_minor + kept_minor)
);

create index gift_return_gift ON ledger.gift_return (bucket, gift_id);

create table ledger.match (
  bucket SMALLINT NOT NULL,
  match_id UUID NOT NULL,
  donation_id UUID NOT NULL,
  wallet_id UUID NOT NULL,
  scheme_id UUID NOT NULL,
  version_id UUID NOT NULL,
  funder_id UUID NOT NULL,
  charity_id UUID NOT NULL,
  asset SMALLINT NOT NULL,
  desired_minor BIGINT NOT NULL,
  amount BIGINT NOT NULL,
  cut_by TEXT,
  day DATE NOT NULL,
  matched_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (bucket, match_id),
  CONSTRAINT match_amounts CHECK (amount between 0 and desired_minor),
  CONSTRAINT match_cut CHECK ((cut_by is null) = (amount = desired_minor)),
  CONSTRAINT match_cut_by CHECK (cut_by in ('member_cap', 'budget'))
);

create index match_donation ON ledger.match (bucket, donation_id);

create index match_wallet ON ledger.match (bucket, wallet_id, scheme_id, day);

create table coalition.remittance (
  remittance_id UUID NOT NULL,
  charity_id UUID NOT NULL,
  asset SMALLINT NOT NULL,
  state TEXT DEFAULT 'preparing' NOT NULL,
  amount_minor BIGINT,
  note TEXT NOT NULL,
  prepared_by UUID,
  prepared_at TIMESTAMP WITH TIME ZONE NOT NULL,
  bank_reference TEXT,
  proof_reference TEXT,
  proof_sha256 TEXT,
  value_date DATE,
  sent_by UUID,
  approved_by UUID,
  sent_at TIMESTAMP WITH TIME ZONE,
  acknowledgement TEXT,
  confirmed_by UUID,
  confirmed_at TIMESTAMP WITH TIME ZONE,
  cancelled_by UUID,
  cancelled_at TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (remittance_id),
  CONSTRAINT remittance_state CHECK (
    state in ('preparing', 'prepared', 'sent', 'confirmed', 'cancelling', 'cancelled')),
  CONSTRAINT remittance_amount CHECK (state in ('preparing', 'cancelling', 'cancelled') or amount_minor is not null),
  CONSTRAINT remittance_sent CHECK ((state in ('sent', 'confirmed')) = (sent_at is not null)),
  CONSTRAINT remittance_confirmed CHECK ((state = 'confirmed') = (confirmed_at is not null))
);

create index remittance_charity ON coalition.remittance (charity_id, prepared_at, remittance_id);

create unique index remittance_open ON coalition.remittance (charity_id, asset)
  WHERE state in ('preparing', 'prepared', 'cancelling');

create index remittance_page ON coalition.remittance (prepared_at, remittance_id);

create table ledger.remittance_line (
  bucket SMALLINT NOT NULL,
  remittance_id UUID NOT NULL,
  charity_id UUID NOT NULL,
  asset SMALLINT NOT NULL,
  amount BIGINT NOT NULL,
  after_version BIGINT NOT NULL,
  due_version BIGINT NOT NULL,
  prepared_at TIMESTAMP WITH TIME ZONE NOT NULL,
  cancelled_at TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (bucket, remittance_id)
);

create index remittance_line_charity ON ledger.remittance_line (bucket, charity_id, asset, due_version);

