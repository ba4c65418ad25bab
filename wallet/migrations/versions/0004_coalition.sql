-- Campaigns: what was saved and what became of it, the programme's rules, terms, segments, profiles, evidence.
alter table coalition.programme add column epoch bigint default 0 not null;

create table coalition.campaign (
  campaign_id UUID NOT NULL,
  name TEXT NOT NULL,
  merchant_id UUID,
  created_by UUID NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  PRIMARY KEY (campaign_id)
);

create index campaign_newest ON coalition.campaign (created_at, campaign_id);

create table coalition.campaign_version (
  version_id UUID NOT NULL,
  campaign_id UUID NOT NULL,
  version SMALLINT DEFAULT 0 NOT NULL,
  definition JSONB NOT NULL,
  note TEXT NOT NULL,
  saved_by UUID NOT NULL,
  saved_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  PRIMARY KEY (version_id),
  CONSTRAINT campaign_version_number UNIQUE (campaign_id, version)
);

create table coalition.campaign_change (
  change_id UUID NOT NULL,
  campaign_id UUID NOT NULL,
  epoch BIGINT NOT NULL,
  act TEXT NOT NULL,
  version_id UUID,
  replaced_id UUID,
  effective_at TIMESTAMP WITH TIME ZONE NOT NULL,
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
  reason TEXT NOT NULL,
  actor_kind TEXT NOT NULL,
  actor_id UUID,
  PRIMARY KEY (change_id),
  CONSTRAINT campaign_change_order UNIQUE (epoch),
  CONSTRAINT campaign_change_act CHECK (act in ('publish', 'pause', 'resume', 'end', 'archive')),
  CONSTRAINT campaign_change_version CHECK ((act = 'publish') = (version_id is not null)),
  CONSTRAINT campaign_change_ahead CHECK (effective_at >= recorded_at)
);

create index campaign_change_campaign ON coalition.campaign_change (campaign_id, epoch);

create table coalition.programme_version (
  version SMALLINT NOT NULL,
  request_id UUID NOT NULL,
  rules JSONB NOT NULL,
  valid_from TIMESTAMP WITH TIME ZONE NOT NULL,
  note TEXT NOT NULL,
  published_by UUID NOT NULL,
  published_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (version),
  CONSTRAINT programme_version_request UNIQUE (request_id),
  CONSTRAINT programme_version_ahead CHECK (valid_from >= published_at)
);

create table coalition.terms_document (
  document_id UUID NOT NULL,
  subject_kind TEXT NOT NULL,
  subject_id UUID NOT NULL,
  language TEXT NOT NULL,
  text TEXT NOT NULL,
  digest BYTEA NOT NULL,
  acceptance BOOLEAN NOT NULL,
  published_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  PRIMARY KEY (document_id),
  CONSTRAINT terms_document_kind CHECK (subject_kind in ('programme', 'contract', 'campaign'))
);

create index terms_document_subject ON coalition.terms_document (subject_kind, subject_id);

create table coalition.terms_acceptance (
  document_id UUID NOT NULL,
  member_id UUID NOT NULL,
  accepted_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  PRIMARY KEY (document_id, member_id)
);

create index terms_acceptance_member ON coalition.terms_acceptance (member_id);

create table coalition.segment (
  segment_id UUID NOT NULL,
  name TEXT NOT NULL,
  about TEXT NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  PRIMARY KEY (segment_id),
  CONSTRAINT segment_name UNIQUE (name)
);

create table coalition.segment_member (
  segment_id UUID NOT NULL,
  member_id UUID NOT NULL,
  since TIMESTAMP WITH TIME ZONE NOT NULL,
  until TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (segment_id, member_id, since),
  CONSTRAINT segment_member_order CHECK (until >= since)
);

create index segment_member_member ON coalition.segment_member (member_id);

create unique index segment_member_open ON coalition.segment_member (segment_id, member_id) WHERE until is null;

create table coalition.profile (
  member_id UUID NOT NULL,
  birth_date DATE,
  language TEXT,
  tier TEXT,
  favourites_off BOOLEAN DEFAULT false NOT NULL,
  updated_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  PRIMARY KEY (member_id),
  CONSTRAINT profile_language CHECK (language in ('en', 'pt', 'es'))
);

create table coalition.label_evidence (
  evidence_id UUID NOT NULL,
  label TEXT NOT NULL,
  merchant_id UUID NOT NULL,
  product TEXT NOT NULL,
  source TEXT NOT NULL,
  reference TEXT NOT NULL,
  valid_from DATE NOT NULL,
  valid_until DATE NOT NULL,
  recorded_by UUID NOT NULL,
  recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  PRIMARY KEY (evidence_id),
  CONSTRAINT label_evidence_order CHECK (valid_until >= valid_from)
);

create index label_evidence_product ON coalition.label_evidence (merchant_id, product, label);
