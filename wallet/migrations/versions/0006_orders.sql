-- Orders at partners, and every attempt at each.
create table ledger.partner_order (
  bucket SMALLINT NOT NULL,
  redemption_id UUID NOT NULL,
  partner_id UUID NOT NULL,
  kind TEXT NOT NULL,
  link_id UUID,
  subject TEXT,
  kid TEXT NOT NULL,
  state TEXT DEFAULT 'held' NOT NULL,
  aim TEXT DEFAULT 'issue' NOT NULL,
  ask TEXT,
  leased BOOLEAN DEFAULT false NOT NULL,
  due_at TIMESTAMP WITH TIME ZONE,
  version BIGINT DEFAULT 1 NOT NULL,
  attempts SMALLINT DEFAULT 0 NOT NULL,
  sends SMALLINT DEFAULT 0 NOT NULL,
  lookups SMALLINT DEFAULT 0 NOT NULL,
  agreed SMALLINT DEFAULT 0 NOT NULL,
  doubted BOOLEAN DEFAULT false NOT NULL,
  refused BOOLEAN DEFAULT false NOT NULL,
  aimed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  sent_at TIMESTAMP WITH TIME ZONE,
  first_sent_at TIMESTAMP WITH TIME ZONE,
  there TEXT,
  reference TEXT,
  reason TEXT,
  evidence TEXT,
  request_id UUID,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (bucket, redemption_id),
  CONSTRAINT partner_order_bucket CHECK (bucket between 0 and 255),
  CONSTRAINT partner_order_state CHECK (state in ('held', 'sending', 'unknown', 'reversing', 'reverse_unknown',
    'late', 'captured', 'released', 'reversed', 'suspense', 'attention')),
  CONSTRAINT partner_order_aim CHECK (case state when 'attention' then true when 'captured' then aim in ('issue',
    'reverse') when 'released' then aim in ('issue', 'undo') when 'reversed' then aim in ('reverse', 'undo') when
    'reversing' then aim = 'reverse' when 'reverse_unknown' then aim = 'reverse' when 'late' then aim = 'undo' when
    'suspense' then aim = 'undo' else aim = 'issue' end),
  CONSTRAINT partner_order_aims CHECK (aim in ('issue', 'reverse', 'undo')),
  CONSTRAINT partner_order_ask CHECK (ask in ('issue', 'find', 'reverse')),
  CONSTRAINT partner_order_due CHECK ((state in ('held', 'sending', 'unknown', 'reversing', 'reverse_unknown',
    'late')) = (ask is not null) and (ask is null) = (due_at is null)),
  CONSTRAINT partner_order_leased CHECK ((not leased or ask is not null) and (state <> 'sending' or leased) and
    (state <> 'held' or not leased)),
  CONSTRAINT partner_order_counts CHECK (version > 0 and attempts >= 0 and sends >= 0 and lookups >= 0 and agreed
    >= 0)
);

create index partner_order_due ON ledger.partner_order (due_at) WHERE due_at is not null;

create index partner_order_partner ON ledger.partner_order (partner_id, created_at, redemption_id);

create index partner_order_reference ON ledger.partner_order (partner_id, reference) WHERE reference is not null;

create index partner_order_state ON ledger.partner_order (state, created_at, redemption_id);

create table ledger.partner_attempt (
  bucket SMALLINT NOT NULL,
  redemption_id UUID NOT NULL,
  number INTEGER NOT NULL,
  asked TEXT NOT NULL,
  said TEXT NOT NULL,
  state TEXT NOT NULL,
  reason TEXT,
  took_ms INTEGER NOT NULL,
  ended_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (bucket, redemption_id, number),
  CONSTRAINT partner_attempt_asked CHECK (asked in ('issue', 'find', 'reverse', 'event', 'staff', 'clock')),
  CONSTRAINT partner_attempt_said CHECK (said in ('live', 'spent', 'void', 'absent', 'differs', 'refused',
    'not_sent', 'unknown', 'overdue'))
);

-- Codes that partners chose for what they issued, sealed.
create table partner.order_code (
  redemption_id UUID NOT NULL,
  kid TEXT NOT NULL,
  sealed BYTEA NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  PRIMARY KEY (redemption_id)
);

-- What came of comparing our books with a partner's, day by day.
create table partner.reconciliation (
  partner_id UUID NOT NULL,
  day DATE NOT NULL,
  state TEXT NOT NULL,
  here_count INTEGER NOT NULL,
  here_minor BIGINT NOT NULL,
  there_count INTEGER NOT NULL,
  there_minor BIGINT NOT NULL,
  differences INTEGER NOT NULL,
  reason TEXT,
  checked_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (partner_id, day),
  CONSTRAINT reconciliation_state CHECK (state in ('clean', 'differs', 'unread'))
);

create table partner.difference (
  partner_id UUID NOT NULL,
  day DATE NOT NULL,
  subject TEXT NOT NULL,
  what TEXT NOT NULL,
  redemption_id UUID,
  here_minor BIGINT,
  there_minor BIGINT,
  PRIMARY KEY (partner_id, day, subject),
  CONSTRAINT difference_what CHECK (what in ('missing_there', 'missing_here', 'amount_differs', 'voided_there'))
);
