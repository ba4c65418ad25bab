-- Favourites, replaced at each look at a member's purchases, and personal offers, which are only added.
create table coalition.favourite (
  member_id UUID NOT NULL,
  place SMALLINT NOT NULL,
  category TEXT NOT NULL,
  reason JSONB NOT NULL,
  computed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (member_id, place),
  CONSTRAINT favourite_place CHECK (place between 1 and 5)
);

create index favourite_category ON coalition.favourite (category);

create table coalition.offer (
  member_id UUID NOT NULL,
  campaign_id UUID NOT NULL,
  category TEXT NOT NULL,
  valid_from TIMESTAMP WITH TIME ZONE NOT NULL,
  valid_until TIMESTAMP WITH TIME ZONE NOT NULL,
  bps SMALLINT NOT NULL,
  reason JSONB NOT NULL,
  scorer TEXT NOT NULL,
  scorer_version SMALLINT NOT NULL,
  PRIMARY KEY (member_id, campaign_id, category, valid_from),
  CONSTRAINT offer_bps CHECK (bps between 1 and 10000),
  CONSTRAINT offer_validity CHECK (valid_from < valid_until)
);
