-- Terms in words, published for the programme or for a contract version: which documents are one set, and since when.
create table coalition.terms_publication (
  request_id UUID NOT NULL,
  subject_kind TEXT NOT NULL,
  subject_id UUID NOT NULL,
  document_ids UUID[] DEFAULT '{}' NOT NULL,
  reason TEXT NOT NULL,
  published_by UUID NOT NULL,
  published_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  PRIMARY KEY (request_id),
  CONSTRAINT terms_publication_kind CHECK (subject_kind in ('programme', 'contract'))
);

create index terms_publication_newest
  ON coalition.terms_publication (subject_kind, subject_id, published_at, request_id);
