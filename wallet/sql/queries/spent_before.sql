-- Whether value of a wallet was ever spent at a merchant, the most that was ever spent at once, and what time it is.
-- The wallet's index bounds the look.
select exists (
         select 1 from ledger.redemption
          where bucket = $1 and wallet_id = $2 and merchant_id = $3 and captured > 0
       ) as known,
       (select coalesce(max(captured), 0) from ledger.redemption where bucket = $1 and wallet_id = $2) as largest_minor,
       clock_timestamp() as now
