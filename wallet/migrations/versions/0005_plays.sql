-- Plays: what members scored in games and quizzes.
create table ledger.play (
  bucket SMALLINT NOT NULL,
  play_id UUID NOT NULL,
  wallet_id UUID NOT NULL,
  kind TEXT NOT NULL,
  scheme_id UUID NOT NULL,
  version_id UUID NOT NULL,
  merchant_id UUID,
  reference TEXT NOT NULL,
  points BIGINT NOT NULL,
  units INTEGER NOT NULL,
  campaign_id UUID,
  award_id UUID NOT NULL,
  fingerprint UUID NOT NULL,
  happened_at TIMESTAMP WITH TIME ZONE NOT NULL,
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
  outcome TEXT,
  PRIMARY KEY (bucket, play_id),
  CONSTRAINT play_kind CHECK (kind in ('game', 'quiz')),
  CONSTRAINT play_amounts CHECK (points >= 0 and units >= 0),
  CONSTRAINT play_reward CHECK ((units > 0) = (campaign_id is not null))
);

create index play_wallet ON ledger.play (bucket, wallet_id, scheme_id, happened_at);

create index play_unsettled ON ledger.play (bucket, wallet_id) WHERE outcome is null and units > 0;
