-- A hold may be captured in parts, so what of it was let go is counted too.
alter table ledger.redemption add column released BIGINT DEFAULT 0 NOT NULL;

update ledger.redemption set released = amount - captured where state <> 'held';

alter table ledger.redemption drop constraint redemption_captured;

alter table ledger.redemption drop constraint redemption_spent;

alter table ledger.redemption add constraint redemption_captured CHECK (captured >= 0 and released >= 0);

alter table ledger.redemption add constraint redemption_open_part
  CHECK (captured + released <= amount and (state = 'held') = (captured + released < amount));

alter table ledger.redemption add constraint redemption_spent
  CHECK (state = 'held' or (state = 'captured') = (captured > 0));

-- Gift cards: what a member lets one merchant hold, and what its store asked.
create table ledger.gift_card (
  bucket SMALLINT NOT NULL,
  card_id UUID NOT NULL,
  wallet_id UUID NOT NULL,
  asset SMALLINT NOT NULL,
  merchant_id UUID NOT NULL,
  code_hash BYTEA NOT NULL,
  ending TEXT NOT NULL,
  listed BOOLEAN NOT NULL,
  maximum BIGINT,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
  ended_at TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (bucket, card_id),
  CONSTRAINT gift_card_maximum CHECK (maximum > 0),
  CONSTRAINT gift_card_span CHECK (expires_at > created_at)
);

create unique index gift_card_code ON ledger.gift_card (bucket, code_hash);

create unique index gift_card_open ON ledger.gift_card (bucket, wallet_id, merchant_id) WHERE ended_at is null;

create index gift_card_wallet ON ledger.gift_card (bucket, wallet_id, created_at, card_id);

create table ledger.card_operation (
  bucket SMALLINT NOT NULL,
  operation_id UUID NOT NULL,
  card_id UUID NOT NULL,
  redemption_id UUID NOT NULL,
  kind TEXT NOT NULL,
  request TEXT NOT NULL,
  about TEXT DEFAULT '' NOT NULL,
  amount BIGINT NOT NULL,
  released BIGINT DEFAULT 0 NOT NULL,
  refunded BIGINT DEFAULT 0 NOT NULL,
  fingerprint UUID NOT NULL,
  happened_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (bucket, operation_id),
  CONSTRAINT card_operation_kind CHECK (kind in ('debit', 'credit', 'settlement', 'cancellation')),
  CONSTRAINT card_operation_amount CHECK (amount > 0),
  CONSTRAINT card_operation_parts CHECK (released >= 0 and refunded >= 0),
  CONSTRAINT card_operation_back CHECK (released + refunded = case when kind in ('credit', 'cancellation')
    then amount else 0 end and (kind <> 'credit' or released = 0)),
  CONSTRAINT card_operation_debit CHECK ((kind = 'debit') = (operation_id = redemption_id))
);

create index card_operation_card ON ledger.card_operation (bucket, card_id, happened_at, operation_id);

create index card_operation_step ON ledger.card_operation (bucket, redemption_id, happened_at, operation_id);

-- A store that asks by the gift-card door is a client of a kind of its own: it shows a key and a token, and gets none.
alter table identity.client drop constraint client_kind;

alter table identity.client drop constraint client_merchant;

alter table identity.client drop constraint client_auth_method;

alter table identity.client add constraint client_kind CHECK (kind in ('app', 'merchant', 'resource', 'store'));

alter table identity.client add constraint client_merchant
  CHECK ((kind in ('merchant', 'store')) = (merchant_id is not null));

alter table identity.client add constraint client_auth_method CHECK (auth_method in ('none', 'client_secret_basic',
  'client_secret_post', 'private_key_jwt', 'app_token'));
