-- The directory of partners.
create table partner.partner (
  partner_id UUID NOT NULL,
  merchant_id UUID NOT NULL,
  slug TEXT NOT NULL,
  name TEXT NOT NULL,
  adapter TEXT NOT NULL,
  config JSONB NOT NULL,
  offers JSONB NOT NULL,
  asset SMALLINT NOT NULL,
  territories TEXT[] DEFAULT '{}' NOT NULL,
  status TEXT DEFAULT 'active' NOT NULL,
  version BIGINT DEFAULT 1 NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  changed_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  PRIMARY KEY (partner_id),
  CONSTRAINT partner_status CHECK (status in ('active', 'suspended')),
  CONSTRAINT partner_version CHECK (version > 0),
  CONSTRAINT partner_slug UNIQUE (slug)
);

create index partner_merchant ON partner.partner (merchant_id);

create table partner.secret (
  partner_id UUID NOT NULL,
  name TEXT NOT NULL,
  place INTEGER NOT NULL,
  secret_id UUID NOT NULL,
  kid TEXT NOT NULL,
  sealed BYTEA NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  PRIMARY KEY (partner_id, name, place),
  CONSTRAINT secret_name CHECK (name in ('credential', 'client', 'webhook')),
  CONSTRAINT secret_place CHECK (place in (0, 1))
);
