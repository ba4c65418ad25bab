-- Contests: entries, final rankings, and what became of each prize.
create table ledger.contest_entry (
  bucket SMALLINT NOT NULL,
  entry_id UUID NOT NULL,
  wallet_id UUID NOT NULL,
  contest_id UUID NOT NULL,
  period TEXT NOT NULL,
  version_id UUID NOT NULL,
  known JSONB NOT NULL,
  fingerprint UUID NOT NULL,
  entered_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (bucket, entry_id),
  CONSTRAINT contest_entry_once UNIQUE (bucket, contest_id, period, wallet_id)
);

create table coalition.contest_freeze (
  contest_id UUID NOT NULL,
  period TEXT NOT NULL,
  version_id UUID NOT NULL,
  ranked BIGINT NOT NULL,
  winners SMALLINT DEFAULT 0 NOT NULL,
  frozen_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (contest_id, period)
);

create table coalition.contest_result (
  contest_id UUID NOT NULL,
  period TEXT NOT NULL,
  place INTEGER NOT NULL,
  wallet_id UUID NOT NULL,
  score BIGINT NOT NULL,
  reached_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (contest_id, period, place)
);

create table coalition.contest_prize (
  contest_id UUID NOT NULL,
  period TEXT NOT NULL,
  place INTEGER NOT NULL,
  award_id UUID NOT NULL,
  outcome TEXT NOT NULL,
  paid_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (contest_id, period, place)
);
