-- Whatever belongs to a wallet lies in the wallet's bucket and carries it in its id.
select 'lot' as what, bucket, lot_id as id from ledger.lot
 where bucket <> get_byte(uuid_send(lot_id), 15) or bucket <> get_byte(uuid_send(wallet_id), 15)
union all
select 'transfer', bucket, transfer_id from ledger.transfer
 where bucket <> get_byte(uuid_send(transfer_id), 15)
    or bucket <> get_byte(uuid_send(coalesce(wallet_id, transfer_id)), 15)
union all
select 'purchase', bucket, purchase_id from ledger.purchase where bucket <> get_byte(uuid_send(purchase_id), 15)
union all
select 'redemption', bucket, redemption_id from ledger.redemption
 where bucket <> get_byte(uuid_send(redemption_id), 15)
