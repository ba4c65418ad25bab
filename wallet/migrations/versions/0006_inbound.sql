-- Webhooks in: facts that partners told, and the newest of each thing.
create table partner.fact (
  partner_id UUID NOT NULL,
  event_id TEXT NOT NULL,
  thing TEXT NOT NULL,
  state TEXT NOT NULL,
  order_key TEXT,
  reference TEXT,
  amount_minor BIGINT,
  currency TEXT,
  happened_at TIMESTAMP WITH TIME ZONE NOT NULL,
  told_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  outcome TEXT,
  attempts BIGINT DEFAULT 0 NOT NULL,
  next_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  PRIMARY KEY (partner_id, event_id),
  CONSTRAINT fact_state CHECK (state in ('live', 'spent', 'void')),
  CONSTRAINT fact_outcome CHECK (outcome in ('heard', 'older'))
);

create index fact_due ON partner.fact (next_at) WHERE outcome is null;

create index fact_old ON partner.fact (told_at) WHERE outcome is not null;

create table partner.standing (
  partner_id UUID NOT NULL,
  thing TEXT NOT NULL,
  happened_at TIMESTAMP WITH TIME ZONE NOT NULL,
  leased_until TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (partner_id, thing)
);
