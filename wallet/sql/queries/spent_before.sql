-- Whether value of a wallet was ever spent at a merchant, and what time it is here. The wallet's index bounds the look.
select exists (
         select 1 from ledger.redemption
          where bucket = $1 and wallet_id = $2 and merchant_id = $3 and captured > 0
       ) as known,
       clock_timestamp() as now
