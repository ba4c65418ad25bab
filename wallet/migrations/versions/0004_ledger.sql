-- The books of campaigns: what each gave and took back, out of which budget, and why. Lots know who
-- shares them with a charity, purchases which lots they opened, and wallets when their facts changed.
alter table ledger.wallet add column facts bigint default 0 not null;

alter table ledger.purchase add column lots uuid[] default '{}' not null, add column instrument text,
  add column subscription text, add column delivery integer;

alter table ledger.purchase_line add column brand text;

alter table ledger.lot add column gives_to uuid, add column gives_minor bigint default 0 not null,
  add column given bigint default 0 not null;

alter table ledger.lot drop constraint lot_not_negative, drop constraint lot_within_amount,
  add constraint lot_not_negative check (pending >= 0 and remaining >= 0 and expired >= 0 and given >= 0),
  add constraint lot_within_amount check (pending + remaining + expired + given <= amount),
  add constraint lot_gives check (gives_minor between 0 and amount),
  add constraint lot_gives_to check (gives_minor = 0 or gives_to is not null);

alter table ledger.purchase_return add column from_given_minor bigint default 0 not null;

alter table ledger.purchase_return drop constraint return_adds_up,
  add constraint return_adds_up check (reversed_minor = from_pending_minor + from_lot_minor + from_expired_minor
    + from_given_minor + lapsed_minor + from_other_minor + deficit_minor + loss_minor);

create table ledger."grant" (
  bucket SMALLINT NOT NULL,
  cause_id UUID NOT NULL,
  line_no INTEGER NOT NULL,
  version_id UUID NOT NULL,
  campaign_id UUID NOT NULL,
  wallet_id UUID NOT NULL,
  asset SMALLINT NOT NULL,
  base_minor BIGINT NOT NULL,
  desired_minor BIGINT NOT NULL,
  granted_minor BIGINT NOT NULL,
  day DATE NOT NULL,
  PRIMARY KEY (bucket, cause_id, line_no, version_id),
  CONSTRAINT grant_amounts CHECK (granted_minor between 0 and desired_minor)
);

create table ledger.grant_return (
  bucket SMALLINT NOT NULL,
  cause_id UUID NOT NULL,
  line_no INTEGER NOT NULL,
  version_id UUID NOT NULL,
  return_id UUID NOT NULL,
  reversed_minor BIGINT NOT NULL,
  PRIMARY KEY (bucket, cause_id, line_no, version_id, return_id),
  CONSTRAINT grant_return_amount CHECK (reversed_minor >= 0)
);

create table ledger.usage (
  bucket SMALLINT NOT NULL,
  wallet_id UUID NOT NULL,
  campaign_id UUID NOT NULL,
  day DATE NOT NULL,
  granted_minor BIGINT NOT NULL,
  times BIGINT NOT NULL,
  PRIMARY KEY (bucket, wallet_id, campaign_id, day),
  CONSTRAINT usage_counts CHECK (granted_minor >= 0 and times > 0)
);

create table ledger.budget_share (
  bucket SMALLINT NOT NULL,
  budget_id UUID NOT NULL,
  allotted BIGINT NOT NULL,
  consumed BIGINT DEFAULT 0 NOT NULL,
  PRIMARY KEY (bucket, budget_id),
  CONSTRAINT budget_share_within CHECK (consumed between 0 and allotted)
);

create table ledger.budget_draw (
  bucket SMALLINT NOT NULL,
  cause_id UUID NOT NULL,
  budget_id UUID NOT NULL,
  amount BIGINT NOT NULL,
  released BIGINT DEFAULT 0 NOT NULL,
  PRIMARY KEY (bucket, cause_id, budget_id),
  CONSTRAINT budget_draw_amounts CHECK (amount > 0 and released between 0 and amount)
);

create table ledger.explanation (
  bucket SMALLINT NOT NULL,
  cause_id UUID NOT NULL,
  wallet_id UUID NOT NULL,
  document JSONB NOT NULL,
  facts JSONB,
  PRIMARY KEY (bucket, cause_id)
);

create table ledger.benefit (
  bucket SMALLINT NOT NULL,
  benefit_id UUID NOT NULL,
  wallet_id UUID NOT NULL,
  version_id UUID NOT NULL,
  campaign_id UUID NOT NULL,
  cause_id UUID NOT NULL,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  about TEXT NOT NULL,
  granted_at TIMESTAMP WITH TIME ZONE NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE,
  used_at TIMESTAMP WITH TIME ZONE,
  used_by UUID,
  PRIMARY KEY (bucket, benefit_id),
  CONSTRAINT benefit_kind CHECK (kind in ('coupon', 'benefit')),
  CONSTRAINT benefit_used CHECK ((used_at is null) = (used_by is null))
);

create index benefit_wallet ON ledger.benefit (bucket, wallet_id, granted_at, benefit_id);

create table ledger.award (
  bucket SMALLINT NOT NULL,
  award_id UUID NOT NULL,
  wallet_id UUID NOT NULL,
  asset SMALLINT NOT NULL,
  partner_id UUID NOT NULL,
  kind TEXT NOT NULL,
  reference TEXT NOT NULL,
  subject TEXT,
  detail JSONB NOT NULL,
  fingerprint UUID NOT NULL,
  lots UUID[] DEFAULT '{}' NOT NULL,
  awarded_at TIMESTAMP WITH TIME ZONE NOT NULL,
  reversed_at TIMESTAMP WITH TIME ZONE,
  return_id UUID,
  return_fingerprint UUID,
  return_reason TEXT,
  PRIMARY KEY (bucket, award_id),
  CONSTRAINT award_reference UNIQUE (bucket, partner_id, kind, reference),
  CONSTRAINT award_reversed CHECK ((reversed_at is null) = (return_id is null)
    and (reversed_at is null) = (return_fingerprint is null)
    and (reversed_at is null) = (return_reason is null))
);

create index award_wallet ON ledger.award (bucket, wallet_id, awarded_at, award_id);

create table ledger.return_lot (
  bucket SMALLINT NOT NULL,
  return_id UUID NOT NULL,
  lot_id UUID NOT NULL,
  asset SMALLINT NOT NULL,
  reversed_minor BIGINT NOT NULL,
  from_pending_minor BIGINT NOT NULL,
  from_lot_minor BIGINT NOT NULL,
  from_given_minor BIGINT NOT NULL,
  from_expired_minor BIGINT NOT NULL,
  lapsed_minor BIGINT NOT NULL,
  from_other_minor BIGINT NOT NULL,
  deficit_minor BIGINT NOT NULL,
  loss_minor BIGINT NOT NULL,
  loss_bearer TEXT,
  PRIMARY KEY (bucket, return_id, lot_id),
  CONSTRAINT return_lot_adds_up CHECK (reversed_minor = from_pending_minor + from_lot_minor + from_given_minor
    + from_expired_minor + lapsed_minor + from_other_minor + deficit_minor + loss_minor),
  CONSTRAINT return_lot_loss CHECK ((loss_bearer is null) = (loss_minor = 0))
);

create index return_lot_lot ON ledger.return_lot (bucket, lot_id);

-- Until now a purchase had one lot, so each return took back of that one.
insert into ledger.return_lot (bucket, return_id, lot_id, asset, reversed_minor, from_pending_minor, from_lot_minor,
  from_given_minor, from_expired_minor, lapsed_minor, from_other_minor, deficit_minor, loss_minor, loss_bearer)
select r.bucket, r.return_id, p.lot_id, p.asset, r.reversed_minor, r.from_pending_minor, r.from_lot_minor, 0,
       r.from_expired_minor, r.lapsed_minor, r.from_other_minor, r.deficit_minor, r.loss_minor, r.loss_bearer
  from ledger.purchase_return r
  join ledger.purchase p on p.bucket = r.bucket and p.purchase_id = r.purchase_id
 where r.reversed_minor > 0;
