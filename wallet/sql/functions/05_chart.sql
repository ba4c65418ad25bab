-- Whether the chart of accounts has a movement: the check of every transfer. It is a function, because PostgreSQL reads
-- the text of a check anew for every statement that inserts, and the whole chart in it cost more than the insert.
create or replace function ledger.charted(p_code text, p_debit_kind text, p_credit_kind text) returns boolean
language plpgsql immutable parallel safe as $$
begin
  return case p_code
    when 'earn' then p_debit_kind = 'contingent' and p_credit_kind = 'pending'
    when 'mature' then p_debit_kind = 'pending' and p_credit_kind = 'available'
    when 'fund' then p_debit_kind = 'issued' and p_credit_kind = 'contingent'
    when 'lapse' then p_debit_kind = 'pending' and p_credit_kind = 'contingent'
    when 'return_pending' then p_debit_kind = 'pending' and p_credit_kind = 'contingent'
    when 'return' then p_debit_kind = 'available' and p_credit_kind = 'issued'
    when 'loss' then p_debit_kind = 'loss' and p_credit_kind = 'issued'
    when 'hold' then p_debit_kind = 'available' and p_credit_kind = 'held'
    when 'release' then p_debit_kind = 'held' and p_credit_kind = 'available'
    when 'capture' then p_debit_kind = 'held' and p_credit_kind = 'honoured'
    when 'refund' then p_debit_kind = 'honoured' and p_credit_kind = 'available'
    when 'suspend' then p_debit_kind = 'suspense' and p_credit_kind = 'honoured'
    when 'unsuspend' then p_debit_kind = 'honoured' and p_credit_kind = 'suspense'
    when 'donate' then p_debit_kind = 'available' and p_credit_kind = 'due'
    when 'share' then p_debit_kind = 'available' and p_credit_kind = 'due'
    when 'unshare' then p_debit_kind = 'due' and p_credit_kind = 'issued'
    when 'gift' then p_debit_kind = 'issued' and p_credit_kind = 'due'
    when 'ungift' then p_debit_kind = 'due' and p_credit_kind = 'issued'
    when 'match' then p_debit_kind = 'issued' and p_credit_kind = 'due'
    when 'remit' then p_debit_kind = 'due' and p_credit_kind = 'remitted'
    when 'unremit' then p_debit_kind = 'remitted' and p_credit_kind = 'due'
    when 'goodwill' then p_debit_kind = 'goodwill' and p_credit_kind = 'available'
    when 'expire' then p_debit_kind = 'available' and p_credit_kind = 'breakage'
    when 'expire_merchant' then p_debit_kind = 'available' and p_credit_kind = 'merchant_breakage'
    when 'expire_charity' then p_debit_kind = 'available' and p_credit_kind = 'due'
    when 'unexpire' then p_debit_kind = 'breakage' and p_credit_kind = 'issued'
    when 'unexpire_merchant' then p_debit_kind = 'merchant_breakage' and p_credit_kind = 'issued'
    when 'unexpire_charity' then p_debit_kind = 'due' and p_credit_kind = 'issued'
    else false
  end;
end $$;
