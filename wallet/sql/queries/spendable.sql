-- Wallets in which at least an amount is free to spend now.
select wallet_id, credited - debited - held as available_minor
  from ledger.wallet where asset = $1 and state = 'open' and credited - debited - held >= $2
