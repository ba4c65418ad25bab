-- Whose wallets these are.
select wallet_id, member_id from coalition.member where wallet_id = any ($1)
