-- Webhooks out: endpoints of merchants, their secrets, deliveries and each attempt.
create table partner.endpoint (
  endpoint_id UUID NOT NULL,
  merchant_id UUID NOT NULL,
  slot BIGINT,
  asked UUID NOT NULL,
  url TEXT NOT NULL,
  topics TEXT[] NOT NULL,
  status TEXT DEFAULT 'active' NOT NULL,
  ended TEXT,
  failures BIGINT DEFAULT 0 NOT NULL,
  rests_until TIMESTAMP WITH TIME ZONE,
  delivered_at TIMESTAMP WITH TIME ZONE,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  changed_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  PRIMARY KEY (endpoint_id),
  CONSTRAINT endpoint_status CHECK (status in ('active', 'disabled', 'deleted')),
  CONSTRAINT endpoint_ended CHECK (ended in ('merchant', 'operator', 'gone', 'failing')),
  CONSTRAINT endpoint_why CHECK ((status = 'active') = (ended is null)),
  CONSTRAINT endpoint_slot_kept CHECK ((status = 'deleted') = (slot is null)),
  CONSTRAINT endpoint_slot_range CHECK (slot between 0 and 9),
  CONSTRAINT endpoint_slot UNIQUE (merchant_id, slot)
);

create table partner.endpoint_secret (
  secret_id UUID NOT NULL,
  endpoint_id UUID NOT NULL,
  kid TEXT NOT NULL,
  sealed BYTEA NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (secret_id)
);

create index endpoint_secret_of ON partner.endpoint_secret (endpoint_id);

create table partner.delivery (
  delivery_id UUID NOT NULL,
  endpoint_id UUID NOT NULL,
  topic TEXT NOT NULL,
  subject TEXT NOT NULL,
  happened_at TIMESTAMP WITH TIME ZONE NOT NULL,
  status TEXT DEFAULT 'pending' NOT NULL,
  attempts BIGINT DEFAULT 0 NOT NULL,
  next_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  lease UUID,
  leased_until TIMESTAMP WITH TIME ZONE,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  delivered_at TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (delivery_id),
  CONSTRAINT delivery_status CHECK (status in ('pending', 'delivered', 'failed', 'cancelled')),
  CONSTRAINT delivery_attempts CHECK (attempts >= 0)
);

create index delivery_due ON partner.delivery (endpoint_id, next_at) WHERE status = 'pending';

create index delivery_log ON partner.delivery (endpoint_id, created_at, delivery_id);

create index delivery_old ON partner.delivery (created_at) WHERE status <> 'pending';

create table partner.attempt (
  delivery_id UUID NOT NULL,
  attempt_id UUID NOT NULL,
  http_status BIGINT,
  failure TEXT,
  milliseconds BIGINT NOT NULL,
  attempted_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  PRIMARY KEY (delivery_id, attempt_id)
);
