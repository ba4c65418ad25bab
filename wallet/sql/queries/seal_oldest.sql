-- When the first transfer was posted; null in empty books. A scan, asked only before the first seal.
select min(posted_at) from ledger.transfer
