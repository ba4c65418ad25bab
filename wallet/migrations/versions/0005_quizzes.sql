-- Quizzes: tries with their clock and the seed of their order.
create table ledger.quiz_try (
  bucket SMALLINT NOT NULL,
  try_id UUID NOT NULL,
  wallet_id UUID NOT NULL,
  quiz_id UUID NOT NULL,
  version_id UUID NOT NULL,
  number SMALLINT DEFAULT 0 NOT NULL,
  seed UUID NOT NULL,
  fingerprint UUID NOT NULL,
  started_at TIMESTAMP WITH TIME ZONE NOT NULL,
  ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
  answers JSONB,
  points BIGINT,
  answered_at TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (bucket, try_id),
  CONSTRAINT quiz_try_number UNIQUE (bucket, wallet_id, quiz_id, number),
  CONSTRAINT quiz_try_clock CHECK (ends_at > started_at),
  CONSTRAINT quiz_try_answered CHECK ((answered_at is null) = (points is null))
);
