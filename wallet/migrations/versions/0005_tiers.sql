-- Tiers: where members stand on ladders, how they came there, and what the staff gave for a time.
create table ledger.standing (
  bucket SMALLINT NOT NULL,
  wallet_id UUID NOT NULL,
  scheme_id UUID NOT NULL,
  version_id UUID NOT NULL,
  tier TEXT NOT NULL,
  since TIMESTAMP WITH TIME ZONE NOT NULL,
  qualifying BIGINT NOT NULL,
  lifetime BOOLEAN NOT NULL,
  changes INTEGER NOT NULL,
  facts_seen BIGINT NOT NULL,
  looked_at TIMESTAMP WITH TIME ZONE NOT NULL,
  look_at TIMESTAMP WITH TIME ZONE,
  warned_for TIMESTAMP WITH TIME ZONE,
  detail JSONB NOT NULL,
  PRIMARY KEY (bucket, wallet_id, scheme_id),
  CONSTRAINT standing_changes CHECK (changes > 0)
);

create table ledger.tier_change (
  bucket SMALLINT NOT NULL,
  wallet_id UUID NOT NULL,
  scheme_id UUID NOT NULL,
  n INTEGER NOT NULL,
  change_id UUID NOT NULL,
  version_id UUID NOT NULL,
  from_tier TEXT,
  to_tier TEXT NOT NULL,
  why TEXT NOT NULL,
  qualifying BIGINT NOT NULL,
  opens_at TIMESTAMP WITH TIME ZONE,
  closes_at TIMESTAMP WITH TIME ZONE,
  causes UUID[] DEFAULT '{}' NOT NULL,
  effective_at TIMESTAMP WITH TIME ZONE NOT NULL,
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (bucket, wallet_id, scheme_id, n),
  CONSTRAINT tier_change_id UNIQUE (bucket, change_id),
  CONSTRAINT tier_change_why CHECK (why in ('began', 'upgrade', 'downgrade', 'return', 'override', 'override_ended',
    'membership', 'membership_ended', 'milestone', 'lifetime', 'edited', 'restated')),
  CONSTRAINT tier_change_first CHECK ((n = 1) = (from_tier is null))
);

create table ledger.tier_override (
  bucket SMALLINT NOT NULL,
  override_id UUID NOT NULL,
  wallet_id UUID NOT NULL,
  scheme_id UUID NOT NULL,
  tier TEXT NOT NULL,
  since TIMESTAMP WITH TIME ZONE NOT NULL,
  until TIMESTAMP WITH TIME ZONE NOT NULL,
  reason TEXT NOT NULL,
  maker_id UUID NOT NULL,
  checker_id UUID NOT NULL,
  fingerprint UUID NOT NULL,
  PRIMARY KEY (bucket, override_id),
  CONSTRAINT tier_override_time CHECK (since < until),
  CONSTRAINT tier_override_two_people CHECK (maker_id <> checker_id)
);

create index tier_override_wallet on ledger.tier_override (bucket, wallet_id);
