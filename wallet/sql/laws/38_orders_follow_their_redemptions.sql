-- What an order says is what its redemption did: held while it is not decided, spent while the value stands at the
-- partner, free where it does not, and in suspense where it stands there and nobody pays. A hold without an end has an
-- order, and each attempt is told once.
with suspended as (
  select bucket, cause_id as redemption_id,
         sum(case code when 'suspend' then amount else -amount end) as suspended
    from ledger.transfer where code in ('suspend', 'unsuspend') group by bucket, cause_id
), tried as (
  select bucket, redemption_id, count(*) as attempts, max(number) as last
    from ledger.partner_attempt group by bucket, redemption_id
), beside as (
  select bucket, redemption_id, amount, r.state as redemption,
         case when r.state = 'held' and captured = 0 then 'held' when r.state = 'released' then 'free'
              when captured < amount then 'else' when refunded = 0 then 'spent' when refunded = amount then 'back'
              else 'else' end as lies
    from ledger.redemption r where expires_at = 'infinity')
select bucket, redemption_id, o.state, o.aim, m.redemption, m.lies, s.suspended
  from ledger.partner_order o
  full join beside m using (bucket, redemption_id)
  left join suspended s using (bucket, redemption_id)
  left join tried t using (bucket, redemption_id)
 where m.lies is null or o.state is null or not case
         when o.state in ('held', 'sending', 'unknown') then m.lies = 'held'
         when o.state in ('captured', 'reversing', 'reverse_unknown') then m.lies = 'spent'
         when o.state = 'released' then m.lies = 'free'
         when o.state = 'reversed' then m.lies = 'back'
         when o.state = 'attention' and o.aim = 'issue' then m.lies = 'held'
         when o.state = 'attention' and o.aim = 'reverse' then m.lies = 'spent'
         else m.lies in ('free', 'back') end
    or coalesce(s.suspended, 0) <> case when o.state = 'suspense' then m.amount else 0 end
    or o.attempts - o.leased::int <> coalesce(t.attempts, 0) or coalesce(t.last, 0) <> coalesce(t.attempts, 0)
    or o.bucket <> get_byte(uuid_send(o.redemption_id), 15)
