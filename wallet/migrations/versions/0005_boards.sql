-- Boards: scores by window, how many stand in each band, and the names that members are shown by.
create table coalition.board_score (
  wallet_id UUID NOT NULL,
  board_id UUID NOT NULL,
  period TEXT NOT NULL,
  score BIGINT NOT NULL,
  minus BIGINT NOT NULL,
  band SMALLINT NOT NULL,
  slot SMALLINT NOT NULL,
  reached_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (wallet_id, board_id, period),
  CONSTRAINT board_score_positive CHECK (score > 0 and minus = -score)
);

create unique index board_score_order ON coalition.board_score (board_id, period, minus, slot, reached_at, wallet_id);

create table coalition.board_band (
  board_id UUID NOT NULL,
  period TEXT NOT NULL,
  band SMALLINT NOT NULL,
  members BIGINT DEFAULT 0 NOT NULL,
  PRIMARY KEY (board_id, period, band),
  CONSTRAINT board_band_members CHECK (members >= 0)
);

create table coalition.board_slot (
  board_id UUID NOT NULL,
  period TEXT NOT NULL,
  band SMALLINT NOT NULL,
  slot SMALLINT NOT NULL,
  members BIGINT DEFAULT 0 NOT NULL,
  PRIMARY KEY (board_id, period, band, slot),
  CONSTRAINT board_slot_members CHECK (members >= 0)
);

create table coalition.board_member (
  wallet_id UUID NOT NULL,
  name TEXT,
  left_at TIMESTAMP WITH TIME ZONE,
  changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (wallet_id)
);
