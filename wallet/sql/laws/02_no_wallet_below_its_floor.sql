-- No wallet is ever below its floor, and no face of it is negative.
select bucket, wallet_id, asset from ledger.wallet
 where credited - debited - held < floor or pending < 0 or held < 0
