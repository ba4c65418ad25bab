-- The shapes in which a batch of purchases travels to the database: one row per sale, per line, per
-- claimed reference, per returned line. Plain composites, so that a batch is one argument.
do $$ begin
  if to_regtype('ledger.purchase_in') is null then
    create type ledger.purchase_in as (
      bucket smallint, purchase_id uuid, wallet_id uuid, asset smallint, merchant_id uuid, contract_id uuid,
      reference text, channel text, store_id uuid, purchased_at timestamptz, total_minor bigint,
      cashback_paid_minor bigint, credited_minor bigint, fingerprint uuid, due_at timestamptz, due_as text,
      expires_at timestamptz, notice_days smallint, grace_days smallint, breakage text, breakage_owner uuid);
  end if;
  if to_regtype('ledger.line_in') is null then
    create type ledger.line_in as (
      bucket smallint, purchase_id uuid, line_no int, external_id text, product text, description text,
      kind text, category text, labels text[], quantity_milli bigint, amount_minor bigint, discount_minor bigint,
      tax_minor bigint, rule text, base_minor bigint, rate_bps smallint, rounding text, credited_minor bigint,
      sentence text);
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
end $$;
