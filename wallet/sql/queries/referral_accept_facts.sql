-- What must be known when a member accepts an invitation: whose code it is (only an active member's counts), whether
-- the friend has bought already, and by which invitation they came. One row.
select (select c.member_id from coalition.referral_code c join coalition.member m using (member_id)
         where c.code = $1 and m.status = 'active') as referrer_id,
       exists (select 1 from ledger.purchase where bucket = $3 and wallet_id = $4) as has_bought,
       (select r.referral_id from coalition.referral r where r.friend_id = $2) as referral_id
