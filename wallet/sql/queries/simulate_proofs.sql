-- Evidence for labels $1 that holds on a day from $2 to $3.
select merchant_id, label, product, valid_from, valid_until
  from coalition.label_evidence where label = any ($1) and valid_until >= $2 and valid_from <= $3
