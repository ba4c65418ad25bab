-- Does what was proposed and closes the approval, both or neither. The row lock lets one checker in; whoever waited
-- finds it closed and gets no row. A refusal of the act leaves the approval open. {call} is the act's function.
with mine as (
  select approval_id from coalition.approval
   where approval_id = $1 and status = 'open' and maker_id <> $2
     and expires_at > coalesce($4::timestamptz, clock_timestamp())
     for update
), done as (
  select {call} as answer from mine
), closed as (
  update coalition.approval a
     set status = 'approved', checker_id = $2, checker_reason = $3,
         decided_at = coalesce($4::timestamptz, clock_timestamp())
    from done
   where a.approval_id = $1 and done.answer ->> 'code' = 'posted'
)
select answer from done
