-- What returns took of a grant is never more than it gave, no grant gave more than was decided, and nothing is taken
-- back of what was never granted.
select r.bucket, r.cause_id, r.line_no, r.version_id, g.granted_minor, r.reversed
  from (select bucket, cause_id, line_no, version_id, sum(reversed_minor) as reversed
          from ledger.grant_return group by bucket, cause_id, line_no, version_id) r
  left join ledger.grant g
    on g.bucket = r.bucket and g.cause_id = r.cause_id and g.line_no = r.line_no and g.version_id = r.version_id
 where r.reversed > coalesce(g.granted_minor, 0)
union all
select bucket, cause_id, line_no, version_id, granted_minor, null
  from ledger.grant where granted_minor > desired_minor or granted_minor < 0
