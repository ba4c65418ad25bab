-- The shapes in which decisions travel to the database: one row per sale, per line, per lot, per grant, per claimed
-- reference, per thing that goes back. Plain composites, so that a batch is one argument. `purchase_id` is the award's
-- id where there was no purchase. What functions of an older shape took is dropped with its shape.
do $$ begin
  if exists (select 1 from pg_attribute
              where attrelid = to_regclass('ledger.purchase_in') and attname = 'due_at' and not attisdropped) then
    drop function if exists ledger.post_purchases(
      smallint[], ledger.purchase_in[], ledger.line_in[], ledger.event_in[], timestamptz);
    drop function if exists ledger.record_event(
      smallint, uuid, uuid, uuid, uuid, text, timestamptz, timestamptz, text, timestamptz);
    drop function if exists ledger.reverse_purchase(
      smallint, uuid, uuid, uuid, uuid, bigint, ledger.return_line_in[], text, bigint, text, uuid, timestamptz);
    drop type ledger.purchase_in;
    drop type ledger.line_in;
  end if;
  if to_regtype('ledger.gift_in') is null and to_regtype('ledger.purchase_in') is not null then
    -- Before there were gifts, what posts purchases and awards took none.
    drop function if exists ledger.post_purchases(
      smallint[], ledger.purchase_in[], ledger.line_in[], ledger.event_in[], ledger.lot_in[], ledger.grant_in[],
      ledger.draw_in[], ledger.benefit_in[], bigint, timestamptz);
    drop function if exists ledger.post_award(
      smallint, uuid, uuid, smallint, uuid, text, text, text, jsonb, uuid, bigint, bigint, ledger.lot_in[],
      ledger.grant_in[], ledger.draw_in[], ledger.benefit_in[], jsonb, jsonb, timestamptz);
  end if;
  if to_regtype('ledger.purchase_in') is null then
    create type ledger.purchase_in as (
      bucket smallint, purchase_id uuid, wallet_id uuid, asset smallint, merchant_id uuid, contract_id uuid,
      reference text, channel text, store_id uuid, purchased_at timestamptz, total_minor bigint,
      cashback_paid_minor bigint, credited_minor bigint, fingerprint uuid, instrument text, subscription text,
      delivery int, facts_version bigint, coupons uuid[], explanation jsonb, facts jsonb);
  end if;
  if to_regtype('ledger.line_in') is null then
    create type ledger.line_in as (
      bucket smallint, purchase_id uuid, line_no int, external_id text, product text, description text, brand text,
      kind text, category text, labels text[], quantity_milli bigint, amount_minor bigint, discount_minor bigint,
      tax_minor bigint, rule text, base_minor bigint, rate_bps smallint, rounding text, credited_minor bigint,
      sentence text);
  end if;
  if to_regtype('ledger.lot_in') is null then
    create type ledger.lot_in as (
      bucket smallint, purchase_id uuid, lot_id uuid, rule_id uuid, funder_id uuid, asset smallint, amount bigint,
      due_at timestamptz, due_as text, expires_at timestamptz, notice_days smallint, grace_days smallint,
      breakage text, breakage_owner uuid, gives_to uuid, gives_minor bigint);
  end if;
  if to_regtype('ledger.grant_in') is null then
    create type ledger.grant_in as (
      bucket smallint, purchase_id uuid, line_no int, version_id uuid, campaign_id uuid, asset smallint,
      base_minor bigint, desired_minor bigint, granted_minor bigint, day date);
  end if;
  if to_regtype('ledger.draw_in') is null then
    create type ledger.draw_in as (bucket smallint, purchase_id uuid, budget_id uuid, amount bigint);
  end if;
  if to_regtype('ledger.benefit_in') is null then
    create type ledger.benefit_in as (
      bucket smallint, purchase_id uuid, benefit_id uuid, version_id uuid, campaign_id uuid, kind text, name text,
      about text, expires_at timestamptz);
  end if;
  if to_regtype('ledger.event_in') is null then
    create type ledger.event_in as (
      bucket smallint, purchase_id uuid, kind text, happened_at timestamptz, request_id uuid, fingerprint uuid);
  end if;
  if to_regtype('ledger.claim_in') is null then
    create type ledger.claim_in as (
      bucket smallint, merchant_id uuid, reference text, purchase_id uuid, wallet_id uuid, fingerprint uuid);
  end if;
  if to_regtype('ledger.return_line_in') is null then
    create type ledger.return_line_in as (
      line_no int, quantity_milli bigint, amount_minor bigint, reversed_minor bigint);
  end if;
  if to_regtype('ledger.return_grant_in') is null then
    create type ledger.return_grant_in as (line_no int, version_id uuid, reversed_minor bigint);
  end if;
  if to_regtype('ledger.return_lot_in') is null then
    create type ledger.return_lot_in as (lot_id uuid, reversed_minor bigint);
  end if;
  if to_regtype('ledger.release_in') is null then
    create type ledger.release_in as (budget_id uuid, amount bigint);
  end if;
end $$;
