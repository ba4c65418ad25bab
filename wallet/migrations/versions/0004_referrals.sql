-- Referrals: the code by which a member invites, and what became of each invitation.
create table coalition.referral_code (
  code text not null,
  member_id uuid not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (code),
  constraint referral_code_member unique (member_id)
);

create table coalition.referral (
  referral_id uuid not null,
  friend_id uuid not null,
  referrer_id uuid not null,
  code text not null,
  campaign_id uuid not null,
  version_id uuid not null,
  accepted_at timestamptz not null,
  state text not null default 'waiting',
  version bigint not null default 0,
  look_at timestamptz,
  purchase_id uuid,
  clears_at timestamptz,
  score smallint,
  reasons jsonb not null,
  decided_by uuid,
  decided_at timestamptz,
  asset smallint not null,
  friend_minor bigint not null default 0,
  referrer_minor bigint not null default 0,
  friend_award uuid,
  referrer_award uuid,
  seat_year smallint,
  seat smallint,
  primary key (referral_id),
  constraint referral_state check (state in ('waiting', 'qualified', 'quarantined', 'paid', 'refused', 'reversed',
    'lapsed')),
  constraint referral_two_people check (friend_id <> referrer_id),
  constraint referral_bought check (state in ('waiting', 'refused', 'lapsed')
    or (purchase_id is not null and clears_at is not null)),
  constraint referral_decided check (state not in ('paid', 'refused', 'reversed') or decided_at is not null),
  constraint referral_awarded check (state in ('qualified', 'paid', 'reversed')
    or (friend_award is null and referrer_award is null)),
  constraint referral_seat check ((seat is null) = (seat_year is null)),
  constraint referral_amounts check (friend_minor >= 0 and referrer_minor >= 0),
  constraint referral_friend unique (friend_id),
  constraint referral_seat_once unique (referrer_id, campaign_id, seat_year, seat)
);
create index referral_due on coalition.referral (look_at) where look_at is not null;
create index referral_referrer on coalition.referral (referrer_id, accepted_at);
create index referral_newest on coalition.referral (accepted_at, referral_id);
create index referral_newest_of_state on coalition.referral (state, accepted_at, referral_id);
