-- No day of a membership is paid for twice: a term begins where the one before it ended, or later; only a change of
-- plan cuts off what is left, and counts at most what was paid. Nothing more goes back than was paid.
with terms as (
  select bucket, membership_id, number, kind, from_day, until_day, worth_minor, credit_minor, refund_minor,
         lag(until_day) over whole as before_until,
         max(from_day) filter (where kind in ('started', 'changed', 'reinstated'))
           over (partition by bucket, membership_id order by number
                 rows between unbounded preceding and 1 preceding) as since_day,
         coalesce(sum(paid_minor - refund_minor) over (partition by bucket, membership_id order by number
           rows between unbounded preceding and 1 preceding), 0) as kept
    from ledger.membership_act
  window whole as (partition by bucket, membership_id, from_day is not null order by number))
select bucket, membership_id, number, kind
  from terms
 where (from_day is not null and kind <> 'changed' and from_day < before_until)
    or (kind = 'changed' and (from_day < since_day or credit_minor > kept))
    or (kind <> 'changed' and credit_minor > 0)
    or (kind not in ('changed', 'cancelled') and refund_minor > 0)
    or (kind = 'cancelled' and refund_minor > kept)
