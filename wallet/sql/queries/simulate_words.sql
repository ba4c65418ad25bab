-- The spellings of categories (true) and brands (false) that lines have: campaigns match by a folded form, which only
-- Python knows.
select distinct true as category, category as word from ledger.purchase_line where base_minor > 0
union all
select distinct false, brand from ledger.purchase_line where base_minor > 0 and brand is not null
