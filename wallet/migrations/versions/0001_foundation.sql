-- The tables as they were first released. Frozen: change them by a new migration.

create table coalition.allowance (
  staff_id UUID NOT NULL,
  day TEXT NOT NULL,
  asset SMALLINT NOT NULL,
  spent BIGINT DEFAULT 0 NOT NULL,
  PRIMARY KEY (staff_id, day, asset),
  CONSTRAINT allowance_spent CHECK (spent >= 0)
);

create table coalition.audit (
  audit_id UUID NOT NULL,
  actor_kind TEXT NOT NULL,
  actor_id UUID,
  act TEXT NOT NULL,
  subject_id UUID,
  reason TEXT,
  detail JSONB,
  happened_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  PRIMARY KEY (audit_id)
);

CREATE INDEX audit_subject ON coalition.audit (subject_id, happened_at);

create table coalition.contract (
  contract_id UUID NOT NULL,
  merchant_id UUID NOT NULL,
  version SMALLINT DEFAULT 0 NOT NULL,
  valid_from TIMESTAMP WITH TIME ZONE NOT NULL,
  terms JSONB NOT NULL,
  note TEXT NOT NULL,
  published_by UUID NOT NULL,
  published_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  PRIMARY KEY (contract_id),
  CONSTRAINT contract_version UNIQUE (merchant_id, version)
);

create table coalition.member (
  member_id UUID NOT NULL,
  wallet_id UUID NOT NULL,
  display_name TEXT NOT NULL,
  email TEXT NOT NULL,
  status TEXT DEFAULT 'active' NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  PRIMARY KEY (member_id),
  CONSTRAINT member_status CHECK (status in ('active', 'suspended')),
  CONSTRAINT member_wallet UNIQUE (wallet_id)
);

CREATE UNIQUE INDEX member_email ON coalition.member (lower(email));

create table coalition.merchant (
  merchant_id UUID NOT NULL,
  slug TEXT NOT NULL,
  name TEXT NOT NULL,
  industry TEXT NOT NULL,
  status TEXT DEFAULT 'active' NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  PRIMARY KEY (merchant_id),
  CONSTRAINT merchant_status CHECK (status in ('active', 'suspended')),
  CONSTRAINT merchant_slug UNIQUE (slug)
);

create table coalition.notice (
  notice_id UUID NOT NULL,
  wallet_id UUID NOT NULL,
  topic TEXT NOT NULL,
  subject_id UUID NOT NULL,
  sentence TEXT NOT NULL,
  happened_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (notice_id)
);

CREATE INDEX notice_wallet ON coalition.notice (wallet_id, happened_at, notice_id);

create table coalition.programme (
  one BOOLEAN NOT NULL,
  operator_id UUID NOT NULL,
  name TEXT NOT NULL,
  time_zone TEXT NOT NULL,
  asset SMALLINT NOT NULL,
  wallet_floor_minor BIGINT DEFAULT -10000 NOT NULL,
  buckets SMALLINT DEFAULT 256 NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  PRIMARY KEY (one),
  CONSTRAINT programme_only_one CHECK (one),
  CONSTRAINT programme_floor CHECK (wallet_floor_minor <= 0)
);

create table coalition.staff (
  staff_id UUID NOT NULL,
  name TEXT NOT NULL,
  email TEXT NOT NULL,
  role TEXT DEFAULT 'support' NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  PRIMARY KEY (staff_id),
  CONSTRAINT staff_role CHECK (role in ('support', 'supervisor', 'operator'))
);

CREATE UNIQUE INDEX staff_email ON coalition.staff (lower(email));

create table coalition.store (
  store_id UUID NOT NULL,
  merchant_id UUID NOT NULL,
  external_id TEXT NOT NULL,
  name TEXT NOT NULL,
  channel TEXT NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  PRIMARY KEY (store_id),
  CONSTRAINT store_channel CHECK (channel in ('online', 'shop', 'app')),
  CONSTRAINT store_external UNIQUE (merchant_id, external_id)
);

create table coalition.token (
  token_id UUID NOT NULL,
  token_hash BYTEA NOT NULL,
  principal_kind TEXT NOT NULL,
  principal_id UUID NOT NULL,
  scopes TEXT[] NOT NULL,
  audience TEXT NOT NULL,
  label TEXT DEFAULT '' NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
  revoked_at TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (token_id),
  CONSTRAINT token_kind CHECK (principal_kind in ('member', 'merchant', 'staff')),
  CONSTRAINT token_hash UNIQUE (token_hash)
);

create table ledger.chart (
  code TEXT NOT NULL,
  debit_kind TEXT NOT NULL,
  credit_kind TEXT NOT NULL,
  about TEXT NOT NULL,
  PRIMARY KEY (code)
);

create table ledger.claim (
  bucket SMALLINT NOT NULL,
  merchant_id UUID NOT NULL,
  reference TEXT NOT NULL,
  purchase_id UUID NOT NULL,
  wallet_id UUID NOT NULL,
  fingerprint UUID NOT NULL,
  claimed_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  PRIMARY KEY (bucket, merchant_id, reference)
);

create table ledger.credit (
  bucket SMALLINT NOT NULL,
  credit_id UUID NOT NULL,
  wallet_id UUID NOT NULL,
  asset SMALLINT NOT NULL,
  amount BIGINT NOT NULL,
  staff_id UUID NOT NULL,
  reason TEXT NOT NULL,
  fingerprint UUID NOT NULL,
  credited_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (bucket, credit_id)
);

CREATE INDEX credit_wallet ON ledger.credit (bucket, wallet_id, credited_at);

create table ledger.deficit (
  bucket SMALLINT NOT NULL,
  transfer_id UUID NOT NULL,
  wallet_id UUID NOT NULL,
  asset SMALLINT NOT NULL,
  cause_id UUID NOT NULL,
  amount BIGINT NOT NULL,
  remaining BIGINT NOT NULL,
  opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (bucket, transfer_id),
  CONSTRAINT deficit_amount CHECK (amount > 0 and remaining between 0 and amount)
);

CREATE INDEX deficit_open ON ledger.deficit (bucket, wallet_id, asset, opened_at) WHERE remaining > 0;

create table ledger.draw (
  bucket SMALLINT NOT NULL,
  cause_id UUID NOT NULL,
  lot_id UUID NOT NULL,
  transfer_id UUID NOT NULL,
  amount BIGINT NOT NULL,
  PRIMARY KEY (bucket, cause_id, lot_id, transfer_id),
  CONSTRAINT draw_amount CHECK (amount > 0)
);

create table ledger.lot (
  bucket SMALLINT NOT NULL,
  lot_id UUID NOT NULL,
  wallet_id UUID NOT NULL,
  asset SMALLINT NOT NULL,
  funder_id UUID NOT NULL,
  rule_id UUID NOT NULL,
  cause_id UUID NOT NULL,
  amount BIGINT NOT NULL,
  pending BIGINT NOT NULL,
  remaining BIGINT NOT NULL,
  expired BIGINT DEFAULT 0 NOT NULL,
  open BOOLEAN NOT NULL,
  earned_at TIMESTAMP WITH TIME ZONE NOT NULL,
  due_at TIMESTAMP WITH TIME ZONE,
  due_as TEXT,
  available_at TIMESTAMP WITH TIME ZONE,
  expires_at TIMESTAMP WITH TIME ZONE,
  noticed_at TIMESTAMP WITH TIME ZONE,
  notice_days SMALLINT DEFAULT 0 NOT NULL,
  grace_days SMALLINT DEFAULT 0 NOT NULL,
  breakage TEXT DEFAULT 'operator' NOT NULL,
  breakage_owner UUID NOT NULL,
  PRIMARY KEY (bucket, lot_id),
  CONSTRAINT lot_amount CHECK (amount > 0),
  CONSTRAINT lot_not_negative CHECK (pending >= 0 and remaining >= 0 and expired >= 0),
  CONSTRAINT lot_within_amount CHECK (pending + remaining + expired <= amount),
  CONSTRAINT lot_open CHECK (open = (remaining > 0)),
  CONSTRAINT lot_due CHECK ((due_at is null) = (pending = 0)),
  CONSTRAINT lot_due_as CHECK (due_as in ('mature', 'lapse')),
  CONSTRAINT lot_breakage CHECK (breakage in ('operator', 'merchant', 'charity'))
);

CREATE INDEX lot_due ON ledger.lot (due_at) WHERE due_at is not null;

CREATE INDEX lot_expiring ON ledger.lot (expires_at) WHERE open;

CREATE INDEX lot_pending ON ledger.lot (bucket, wallet_id, due_at) WHERE pending > 0;

CREATE INDEX lot_spend ON ledger.lot (bucket, wallet_id, asset, expires_at, available_at, lot_id) WHERE open;

create table ledger.outbox (
  bucket SMALLINT NOT NULL,
  event_id UUID NOT NULL,
  topic TEXT NOT NULL,
  wallet_id UUID NOT NULL,
  subject_id UUID NOT NULL,
  detail JSONB,
  happened_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (bucket, event_id)
);

create table ledger.position (
  bucket SMALLINT NOT NULL,
  owner_id UUID NOT NULL,
  kind TEXT NOT NULL,
  asset SMALLINT NOT NULL,
  credited BIGINT DEFAULT 0 NOT NULL,
  debited BIGINT DEFAULT 0 NOT NULL,
  version BIGINT DEFAULT 0 NOT NULL,
  PRIMARY KEY (bucket, owner_id, kind, asset),
  CONSTRAINT position_bucket CHECK (bucket between 0 and 255),
  CONSTRAINT position_counts_up CHECK (credited >= 0 and debited >= 0)
);

create table ledger.purchase (
  bucket SMALLINT NOT NULL,
  purchase_id UUID NOT NULL,
  wallet_id UUID NOT NULL,
  asset SMALLINT NOT NULL,
  merchant_id UUID NOT NULL,
  contract_id UUID NOT NULL,
  reference TEXT NOT NULL,
  channel TEXT NOT NULL,
  store_id UUID,
  purchased_at TIMESTAMP WITH TIME ZONE NOT NULL,
  reported_at TIMESTAMP WITH TIME ZONE NOT NULL,
  total_minor BIGINT NOT NULL,
  cashback_paid_minor BIGINT NOT NULL,
  credited_minor BIGINT NOT NULL,
  reversed_minor BIGINT DEFAULT 0 NOT NULL,
  lot_id UUID,
  version BIGINT DEFAULT 0 NOT NULL,
  fingerprint UUID NOT NULL,
  PRIMARY KEY (bucket, purchase_id),
  CONSTRAINT purchase_reversed CHECK (reversed_minor between 0 and credited_minor),
  CONSTRAINT purchase_amounts CHECK (total_minor >= 0 and cashback_paid_minor >= 0),
  CONSTRAINT purchase_channel CHECK (channel in ('online', 'shop', 'app'))
);

CREATE INDEX purchase_wallet ON ledger.purchase (bucket, wallet_id, purchased_at, purchase_id);

create table ledger.purchase_event (
  bucket SMALLINT NOT NULL,
  purchase_id UUID NOT NULL,
  kind TEXT NOT NULL,
  happened_at TIMESTAMP WITH TIME ZONE NOT NULL,
  request_id UUID NOT NULL,
  fingerprint UUID NOT NULL,
  recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  PRIMARY KEY (bucket, purchase_id, kind)
);

CREATE INDEX purchase_event_request ON ledger.purchase_event (bucket, request_id) WHERE request_id <> purchase_id;

create table ledger.purchase_line (
  bucket SMALLINT NOT NULL,
  purchase_id UUID NOT NULL,
  line_no INTEGER NOT NULL,
  external_id TEXT,
  product TEXT,
  description TEXT,
  kind TEXT NOT NULL,
  category TEXT NOT NULL,
  labels TEXT[] NOT NULL,
  quantity_milli BIGINT NOT NULL,
  amount_minor BIGINT NOT NULL,
  discount_minor BIGINT NOT NULL,
  tax_minor BIGINT NOT NULL,
  rule TEXT NOT NULL,
  base_minor BIGINT NOT NULL,
  rate_bps SMALLINT NOT NULL,
  rounding TEXT NOT NULL,
  credited_minor BIGINT NOT NULL,
  sentence TEXT NOT NULL,
  PRIMARY KEY (bucket, purchase_id, line_no),
  CONSTRAINT line_amounts CHECK (amount_minor >= 0 and credited_minor >= 0),
  CONSTRAINT line_kind CHECK (kind in ('item', 'shipping'))
);

create table ledger.purchase_return (
  bucket SMALLINT NOT NULL,
  return_id UUID NOT NULL,
  purchase_id UUID NOT NULL,
  wallet_id UUID NOT NULL,
  reason TEXT NOT NULL,
  fingerprint UUID NOT NULL,
  reversed_minor BIGINT NOT NULL,
  from_pending_minor BIGINT NOT NULL,
  from_lot_minor BIGINT NOT NULL,
  from_expired_minor BIGINT NOT NULL,
  lapsed_minor BIGINT NOT NULL,
  from_other_minor BIGINT NOT NULL,
  deficit_minor BIGINT NOT NULL,
  loss_minor BIGINT NOT NULL,
  loss_bearer TEXT,
  returned_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (bucket, return_id),
  CONSTRAINT return_adds_up CHECK (reversed_minor = from_pending_minor + from_lot_minor + from_expired_minor +
    lapsed_minor + from_other_minor + deficit_minor + loss_minor)
);

CREATE INDEX purchase_return_purchase ON ledger.purchase_return (bucket, purchase_id);

create table ledger.purchase_return_line (
  bucket SMALLINT NOT NULL,
  purchase_id UUID NOT NULL,
  line_no INTEGER NOT NULL,
  return_id UUID NOT NULL,
  quantity_milli BIGINT NOT NULL,
  amount_minor BIGINT NOT NULL,
  reversed_minor BIGINT NOT NULL,
  PRIMARY KEY (bucket, purchase_id, line_no, return_id)
);

create table ledger.redemption (
  bucket SMALLINT NOT NULL,
  redemption_id UUID NOT NULL,
  wallet_id UUID NOT NULL,
  asset SMALLINT NOT NULL,
  merchant_id UUID NOT NULL,
  store_id UUID,
  order_reference TEXT NOT NULL,
  amount BIGINT NOT NULL,
  captured BIGINT DEFAULT 0 NOT NULL,
  refunded BIGINT DEFAULT 0 NOT NULL,
  state TEXT DEFAULT 'held' NOT NULL,
  fingerprint UUID NOT NULL,
  held_at TIMESTAMP WITH TIME ZONE NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
  resolved_at TIMESTAMP WITH TIME ZONE,
  resolved_by UUID,
  PRIMARY KEY (bucket, redemption_id),
  CONSTRAINT redemption_amount CHECK (amount > 0),
  CONSTRAINT redemption_captured CHECK (captured between 0 and amount),
  CONSTRAINT redemption_refunded CHECK (refunded between 0 and captured),
  CONSTRAINT redemption_state CHECK (state in ('held', 'captured', 'released', 'expired')),
  CONSTRAINT redemption_resolved CHECK ((state = 'held') = (resolved_at is null)),
  CONSTRAINT redemption_spent CHECK ((state = 'captured') = (captured > 0))
);

CREATE INDEX redemption_open ON ledger.redemption (expires_at) WHERE state = 'held';

CREATE INDEX redemption_wallet ON ledger.redemption (bucket, wallet_id, held_at, redemption_id);

create table ledger.redemption_code (
  bucket SMALLINT NOT NULL,
  code_hash BYTEA NOT NULL,
  wallet_id UUID NOT NULL,
  asset SMALLINT NOT NULL,
  merchant_id UUID NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
  redemption_id UUID,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  PRIMARY KEY (bucket, code_hash)
);

create table ledger.refusal (
  bucket SMALLINT NOT NULL,
  request_id UUID NOT NULL,
  wallet_id UUID NOT NULL,
  verb TEXT NOT NULL,
  fingerprint UUID NOT NULL,
  answer JSONB NOT NULL,
  refused_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  PRIMARY KEY (bucket, request_id)
);

create table ledger.seal (
  bucket SMALLINT NOT NULL,
  number BIGINT NOT NULL,
  sealed_from TIMESTAMP WITH TIME ZONE NOT NULL,
  sealed_until TIMESTAMP WITH TIME ZONE NOT NULL,
  rows BIGINT NOT NULL,
  leaves BYTEA NOT NULL,
  head BYTEA NOT NULL,
  sealed_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  PRIMARY KEY (bucket, number)
);

create table ledger.transfer (
  bucket SMALLINT NOT NULL,
  transfer_id UUID NOT NULL,
  asset SMALLINT NOT NULL,
  code TEXT NOT NULL,
  debit_kind TEXT NOT NULL,
  credit_kind TEXT NOT NULL,
  amount BIGINT NOT NULL,
  wallet_id UUID,
  wallet_version BIGINT,
  pending_after BIGINT,
  available_after BIGINT,
  held_after BIGINT,
  debit_owner UUID,
  debit_version BIGINT,
  credit_owner UUID,
  credit_version BIGINT,
  lot_id UUID,
  cause_id UUID NOT NULL,
  partner_id UUID,
  fingerprint UUID,
  effective_at TIMESTAMP WITH TIME ZONE NOT NULL,
  posted_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  PRIMARY KEY (bucket, transfer_id),
  CONSTRAINT transfer_amount CHECK (amount > 0),
  CONSTRAINT transfer_charted CHECK (ledger.charted(code, debit_kind, credit_kind)),
  CONSTRAINT transfer_legs_numbered CHECK ((wallet_id is null) = (wallet_version is null) and (debit_owner is
    null) = (debit_version is null) and (credit_owner is null) = (credit_version is null))
);

CREATE UNIQUE INDEX transfer_credit_version ON ledger.transfer (bucket, credit_owner, credit_kind, asset,
  credit_version) WHERE credit_owner is not null;

CREATE UNIQUE INDEX transfer_debit_version ON ledger.transfer (bucket, debit_owner, debit_kind, asset,
  debit_version) WHERE debit_owner is not null;

CREATE INDEX transfer_posted ON ledger.transfer USING brin (posted_at);

CREATE UNIQUE INDEX transfer_wallet_version ON ledger.transfer (bucket, wallet_id, asset, wallet_version) WHERE
  wallet_id is not null;

create table ledger.wallet (
  bucket SMALLINT NOT NULL,
  wallet_id UUID NOT NULL,
  asset SMALLINT NOT NULL,
  credited BIGINT DEFAULT 0 NOT NULL,
  debited BIGINT DEFAULT 0 NOT NULL,
  pending BIGINT DEFAULT 0 NOT NULL,
  held BIGINT DEFAULT 0 NOT NULL,
  floor BIGINT DEFAULT 0 NOT NULL,
  version BIGINT DEFAULT 0 NOT NULL,
  state TEXT DEFAULT 'open' NOT NULL,
  PRIMARY KEY (bucket, wallet_id, asset),
  CONSTRAINT wallet_bucket CHECK (bucket between 0 and 255),
  CONSTRAINT wallet_bucket_of_id CHECK (bucket = get_byte(uuid_send(wallet_id), 15)),
  CONSTRAINT wallet_counts_up CHECK (credited >= 0 and debited >= 0),
  CONSTRAINT wallet_faces_not_negative CHECK (pending >= 0 and held >= 0),
  CONSTRAINT wallet_floor CHECK (floor <= 0),
  CONSTRAINT wallet_no_overdraft CHECK (credited - debited - held >= floor),
  CONSTRAINT wallet_state CHECK (state in ('open', 'suspended'))
);
