-- Badges: benefits that last, or are shown once.
alter table ledger.benefit drop constraint benefit_kind;
alter table ledger.benefit add constraint benefit_kind CHECK (kind in ('coupon', 'benefit', 'badge', 'badge_once'));
