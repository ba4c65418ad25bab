-- Links: members' accounts at partners, and attempts to make one.
create table partner.link (
  link_id UUID NOT NULL,
  partner_id UUID NOT NULL,
  member_id UUID NOT NULL,
  subject TEXT NOT NULL,
  subject_name TEXT NOT NULL,
  sealed BYTEA,
  kid TEXT,
  expires_at TIMESTAMP WITH TIME ZONE,
  version BIGINT DEFAULT 1 NOT NULL,
  status TEXT DEFAULT 'unconfirmed' NOT NULL,
  refresh_id UUID,
  refresh_until TIMESTAMP WITH TIME ZONE,
  due_at TIMESTAMP WITH TIME ZONE,
  tries SMALLINT DEFAULT 0 NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  confirmed_at TIMESTAMP WITH TIME ZONE,
  changed_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  ended_at TIMESTAMP WITH TIME ZONE,
  ended_why TEXT,
  PRIMARY KEY (link_id),
  CONSTRAINT link_status CHECK (status in ('unconfirmed', 'active', 'reauth_required', 'unlinked')),
  CONSTRAINT link_sealed CHECK ((sealed is null) = (kid is null)),
  CONSTRAINT link_refresh CHECK ((refresh_id is null) = (refresh_until is null)),
  CONSTRAINT link_ended CHECK ((status = 'unlinked') = (ended_at is not null)),
  CONSTRAINT link_tokens CHECK ((status in ('active', 'unconfirmed')) <= (sealed is not null)),
  CONSTRAINT link_counts CHECK (version > 0 and tries >= 0)
);

create index link_due ON partner.link (due_at) WHERE due_at is not null;

create unique index link_member ON partner.link (partner_id, member_id)
  WHERE status in ('active', 'reauth_required');

create index link_of ON partner.link (member_id, created_at, link_id);

create unique index link_subject ON partner.link (partner_id, subject)
  WHERE status in ('active', 'reauth_required');

create table partner.link_attempt (
  link_id UUID NOT NULL,
  state_hash BYTEA NOT NULL,
  session_id UUID NOT NULL,
  member_id UUID NOT NULL,
  partner_id UUID NOT NULL,
  issuer TEXT NOT NULL,
  redirect_uri TEXT NOT NULL,
  return_to TEXT,
  kid TEXT NOT NULL,
  sealed BYTEA NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
  used_at TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (link_id),
  CONSTRAINT link_attempt_state UNIQUE (state_hash)
);

create index link_attempt_old ON partner.link_attempt (expires_at);
