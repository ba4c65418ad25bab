-- Value is neither made nor lost: all wallets and all positions sum to zero for each asset.
select asset, sum(value) as over
  from (select asset, pending + credited - debited as value from ledger.wallet
        union all select asset, credited - debited from ledger.position) books
 group by asset having sum(value) <> 0
