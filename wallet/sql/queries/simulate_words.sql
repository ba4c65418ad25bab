-- The spellings of categories that lines have: campaigns match by a folded form, which only Python knows.
select distinct category from ledger.purchase_line where base_minor > 0
