-- The second wall: what is posted is refused to every UPDATE, DELETE and TRUNCATE, whoever asks.
create or replace function ledger.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '%.% is append-only; corrections are new rows', tg_table_schema, tg_table_name
    using errcode = '42501';
end $$;

do $$
declare
  v_table text;
begin
  foreach v_table in array array['ledger.transfer', 'ledger.refusal', 'ledger.purchase_line', 'ledger.purchase_return',
    'ledger.purchase_return_line', 'ledger.purchase_event', 'ledger.credit', 'ledger.seal',
    'ledger.grant', 'ledger.grant_return', 'ledger.explanation', 'ledger.return_lot', 'coalition.contract',
    'coalition.audit', 'coalition.campaign_version', 'coalition.campaign_change', 'coalition.programme_version',
    'coalition.terms_document', 'coalition.terms_publication', 'coalition.terms_acceptance', 'coalition.experiment',
    'coalition.experiment_end', 'coalition.exposure', 'coalition.offer',
    'coalition.scheme_version', 'coalition.draw_turn', 'coalition.draw_list', 'coalition.draw_result',
    'ledger.tier_change', 'ledger.tier_override', 'ledger.activity', 'ledger.happening',
    'ledger.membership_act', 'coalition.charity_change', 'coalition.charity_agreement', 'ledger.donation',
    'ledger.gift_return',
    'coalition.spending_rules',
    'ledger.partner_attempt',
    'ledger.card_operation',
    'ledger.contest_entry', 'coalition.contest_freeze', 'coalition.contest_result', 'coalition.contest_prize']
  loop
    execute format('create or replace trigger append_only before update or delete on %s
                    for each row execute function ledger.refuse_change()', v_table);
    execute format('create or replace trigger no_truncate before truncate on %s
                    for each statement execute function ledger.refuse_change()', v_table);
  end loop;
end $$;
