-- How much the books hold: one row.
select (select count(*) from coalition.member) as members,
       (select count(*) from ledger.purchase) as purchases,
       (select count(*) from ledger.purchase_line) as lines,
       (select count(*) from ledger.transfer) as movements,
       (select count(*) from ledger.redemption) as redemptions,
       (select count(*) from ledger.purchase_return) as returns
