-- Schemes: what members take part in, with their versions; and which wallets are to be looked at.
create table coalition.scheme (
  scheme_id UUID NOT NULL,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  created_by UUID NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  PRIMARY KEY (scheme_id)
);

create index scheme_newest ON coalition.scheme (created_at, scheme_id);

create table coalition.scheme_version (
  version_id UUID NOT NULL,
  scheme_id UUID NOT NULL,
  version SMALLINT DEFAULT 0 NOT NULL,
  definition JSONB,
  valid_from TIMESTAMP WITH TIME ZONE NOT NULL,
  note TEXT NOT NULL,
  published_by UUID NOT NULL,
  published_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (version_id),
  CONSTRAINT scheme_version_number UNIQUE (scheme_id, version),
  CONSTRAINT scheme_version_ahead CHECK (valid_from >= published_at)
);

create table coalition.look (
  wallet_id UUID NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  asked BIGINT DEFAULT 1 NOT NULL,
  tries SMALLINT DEFAULT 0 NOT NULL,
  PRIMARY KEY (wallet_id)
);

create index look_due ON coalition.look (at);
