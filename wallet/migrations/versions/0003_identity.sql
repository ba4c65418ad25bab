-- Sign-in, clients and tokens; approvals by a second person; what the audit log says of a request.
create table coalition.approval (
  approval_id UUID NOT NULL,
  act TEXT NOT NULL,
  subject_id UUID NOT NULL,
  detail JSONB NOT NULL,
  reason TEXT NOT NULL,
  maker_id UUID NOT NULL,
  status TEXT DEFAULT 'open' NOT NULL,
  checker_id UUID,
  checker_reason TEXT,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  decided_at TIMESTAMP WITH TIME ZONE,
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (approval_id),
  CONSTRAINT approval_status CHECK (status in ('open', 'approved', 'declined')),
  CONSTRAINT approval_two_people CHECK (maker_id <> checker_id),
  CONSTRAINT approval_decided CHECK ((status = 'open') = (checker_id is null))
);

create index approval_newest ON coalition.approval (created_at, approval_id);

alter table coalition.audit add column document_hash bytea, add column request_id text;

alter table coalition.staff drop constraint staff_role,
  add constraint staff_role check (role in ('support', 'supervisor', 'operator', 'left'));

alter table coalition.token set schema identity;

alter table identity.token add column client_id text, add column grant_id uuid,
  add constraint token_grant check ((client_id is null) = (grant_id is null));

create index token_of_grant ON identity.token (grant_id);

create index token_old ON identity.token (expires_at);

create table identity.access_grant (
  grant_id UUID NOT NULL,
  client_id TEXT NOT NULL,
  principal_kind TEXT NOT NULL,
  principal_id UUID NOT NULL,
  scopes TEXT[] NOT NULL,
  session_id UUID,
  authenticated_at TIMESTAMP WITH TIME ZONE,
  amr TEXT[] NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  revoked_at TIMESTAMP WITH TIME ZONE,
  revoked_why TEXT,
  PRIMARY KEY (grant_id),
  CONSTRAINT access_grant_kind CHECK (principal_kind in ('member', 'merchant', 'staff'))
);

create index access_grant_client ON identity.access_grant (client_id);

create index access_grant_of ON identity.access_grant (principal_id);

create table identity.account (
  principal_id UUID NOT NULL,
  principal_kind TEXT NOT NULL,
  password_hash TEXT,
  password_at TIMESTAMP WITH TIME ZONE,
  email_verified_at TIMESTAMP WITH TIME ZONE,
  locale TEXT,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  PRIMARY KEY (principal_id),
  CONSTRAINT account_kind CHECK (principal_kind in ('member', 'staff'))
);

create table identity.authorization_code (
  code_hash BYTEA NOT NULL,
  grant_id UUID NOT NULL,
  client_id TEXT NOT NULL,
  redirect_uri TEXT NOT NULL,
  scopes TEXT[] NOT NULL,
  code_challenge TEXT NOT NULL,
  nonce TEXT,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
  used_at TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (code_hash)
);

create index authorization_code_old ON identity.authorization_code (expires_at);

create table identity.authorization_request (
  key_hash BYTEA NOT NULL,
  session_id UUID NOT NULL,
  client_id TEXT NOT NULL,
  parameters JSONB NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (key_hash)
);

create index authorization_request_old ON identity.authorization_request (expires_at);

create table identity.client (
  client_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  merchant_id UUID,
  auth_method TEXT NOT NULL,
  redirect_uris TEXT[] NOT NULL,
  scopes TEXT[] NOT NULL,
  jwks JSONB,
  rate_per_minute INTEGER,
  status TEXT DEFAULT 'active' NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  last_used_at TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (client_id),
  CONSTRAINT client_kind CHECK (kind in ('app', 'merchant', 'resource')),
  CONSTRAINT client_status CHECK (status in ('active', 'suspended')),
  CONSTRAINT client_merchant CHECK ((kind = 'merchant') = (merchant_id is not null)),
  CONSTRAINT client_auth_method CHECK (auth_method in
    ('none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'))
);

create index client_merchant_of ON identity.client (merchant_id);

create table identity.client_assertion (
  client_id TEXT NOT NULL,
  jti_hash BYTEA NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (client_id, jti_hash)
);

create index client_assertion_old ON identity.client_assertion (expires_at);

create table identity.client_secret (
  secret_id UUID NOT NULL,
  client_id TEXT NOT NULL,
  secret_hash BYTEA NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE,
  last_used_at TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (secret_id),
  CONSTRAINT client_secret_hash UNIQUE (secret_hash)
);

create index client_secret_of ON identity.client_secret (client_id);

create table identity.once (
  secret_hash BYTEA NOT NULL,
  purpose TEXT NOT NULL,
  session_id UUID,
  principal_kind TEXT,
  principal_id UUID,
  detail JSONB,
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
  used_at TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (secret_hash)
);

create index once_old ON identity.once (expires_at);

create table identity.passkey (
  credential_id BYTEA NOT NULL,
  principal_kind TEXT NOT NULL,
  principal_id UUID NOT NULL,
  public_key BYTEA NOT NULL,
  sign_count BIGINT DEFAULT 0 NOT NULL,
  name TEXT NOT NULL,
  transports TEXT[] NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  last_used_at TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (credential_id),
  CONSTRAINT passkey_kind CHECK (principal_kind in ('member', 'staff'))
);

create index passkey_of ON identity.passkey (principal_id);

create table identity.refresh_token (
  refresh_id UUID NOT NULL,
  token_hash BYTEA NOT NULL,
  grant_id UUID NOT NULL,
  client_id TEXT NOT NULL,
  scopes TEXT[] NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
  rotated_at TIMESTAMP WITH TIME ZONE,
  successor_id UUID,
  retired_at TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (refresh_id),
  CONSTRAINT refresh_token_hash UNIQUE (token_hash)
);

create index refresh_token_of_grant ON identity.refresh_token (grant_id);

create index refresh_token_old ON identity.refresh_token (expires_at);

create table identity.session (
  session_id UUID NOT NULL,
  secret_hash BYTEA NOT NULL,
  principal_kind TEXT,
  principal_id UUID,
  amr TEXT[] NOT NULL,
  signed_in_at TIMESTAMP WITH TIME ZONE,
  browser TEXT DEFAULT '' NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  seen_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
  revoked_at TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (session_id),
  CONSTRAINT session_kind CHECK (principal_kind in ('member', 'staff')),
  CONSTRAINT session_principal CHECK ((principal_kind is null) = (principal_id is null)),
  CONSTRAINT session_secret UNIQUE (secret_hash)
);

create index session_of ON identity.session (principal_id);

create index session_old ON identity.session (expires_at);

create table identity.throttle (
  key_hash BYTEA NOT NULL,
  empty_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (key_hash)
);

create index throttle_old ON identity.throttle (empty_at);

create table identity.trusted_document (
  document_hash BYTEA NOT NULL,
  body TEXT NOT NULL,
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  description TEXT DEFAULT '' NOT NULL,
  scopes TEXT[] NOT NULL,
  app TEXT DEFAULT '' NOT NULL,
  registered_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  retired_at TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (document_hash),
  CONSTRAINT trusted_document_hash CHECK (length(document_hash) = 32)
);
