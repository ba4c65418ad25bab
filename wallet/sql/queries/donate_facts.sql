-- Whose wallet a gift comes from, and where its charity stands.
select m.wallet_id, c.state as charity_state
  from coalition.member m left join coalition.charity c on c.charity_id = $2
 where m.member_id = $1
