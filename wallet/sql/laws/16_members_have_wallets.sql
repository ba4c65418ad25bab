-- Every member has a wallet, its state follows the member's, and every wallet has a member.
select m.member_id, wallet_id, m.status, w.state
  from coalition.member m full join ledger.wallet w using (wallet_id)
 where m.member_id is null or w.wallet_id is null or (m.status = 'active') is distinct from (w.state = 'open')
