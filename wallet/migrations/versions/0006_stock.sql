-- Codes of shops without an API, each given for one order.
create table partner.stock (
  stock_id UUID NOT NULL,
  partner_id UUID NOT NULL,
  kind TEXT NOT NULL,
  asset SMALLINT NOT NULL,
  amount BIGINT NOT NULL,
  state TEXT DEFAULT 'free' NOT NULL,
  kid TEXT NOT NULL,
  sealed BYTEA NOT NULL,
  digest_kid TEXT NOT NULL,
  digest BYTEA NOT NULL,
  order_key TEXT,
  taken_at TIMESTAMP WITH TIME ZONE,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  changed_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  PRIMARY KEY (stock_id),
  CONSTRAINT stock_state CHECK (state in ('free', 'taken', 'returning', 'void', 'spent')),
  CONSTRAINT stock_amount CHECK (amount > 0),
  CONSTRAINT stock_free CHECK ((state = 'free') <= (order_key is null)),
  CONSTRAINT stock_taken CHECK ((order_key is null) = (taken_at is null)),
  CONSTRAINT stock_digest UNIQUE (partner_id, digest),
  CONSTRAINT stock_order UNIQUE (partner_id, order_key)
);

create index stock_free_codes ON partner.stock (partner_id, kind, asset, amount, stock_id) WHERE state = 'free';

create index stock_returning ON partner.stock (partner_id, stock_id) WHERE state = 'returning';
