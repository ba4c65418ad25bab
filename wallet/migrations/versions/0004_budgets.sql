-- Budgets of campaigns, merchants and funders: the pools, and which warnings were given.
create table coalition.budget (
  budget_id UUID NOT NULL,
  kind TEXT NOT NULL,
  subject_id UUID NOT NULL,
  asset SMALLINT NOT NULL,
  cap_minor BIGINT NOT NULL,
  allotted_minor BIGINT DEFAULT 0 NOT NULL,
  alerts SMALLINT[] NOT NULL,
  PRIMARY KEY (budget_id),
  CONSTRAINT budget_kind CHECK (kind in ('campaign', 'merchant', 'funder')),
  CONSTRAINT budget_within_cap CHECK (allotted_minor between 0 and cap_minor),
  CONSTRAINT budget_subject UNIQUE (kind, subject_id, asset)
);

create table coalition.budget_alert (
  budget_id UUID NOT NULL,
  bps SMALLINT NOT NULL,
  raised_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  PRIMARY KEY (budget_id, bps)
);
