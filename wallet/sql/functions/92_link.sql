-- Links: the member confirms the account that the partner named, and only then is the link live. Of two members
-- with one account, and of two accounts of one member, the indexes of live links let one pass.
create or replace function partner.confirm_link(_link_id uuid, _member_id uuid, _session_id uuid)
returns text language plpgsql as $$
declare
  _link partner.link;
  _broken text;
begin
  -- Only the browser in which the attempt began may confirm it. The row is locked for as long as this call takes.
  select l.* into _link from partner.link l join partner.link_attempt a using (link_id)
   where l.link_id = _link_id and l.member_id = _member_id and a.session_id = _session_id
     for update of l;
  if not found then
    return 'over';
  end if;
  if _link.status in ('active', 'reauth_required') then
    return 'live';
  end if;
  if _link.status <> 'unconfirmed' or _link.due_at <= clock_timestamp() then
    return 'over';
  end if;
  for _try in 1..3 loop
    begin
      update partner.link
         set status = 'unlinked', ended_at = clock_timestamp(), ended_why = 'replaced', due_at = clock_timestamp(),
             changed_at = clock_timestamp()
       where partner_id = _link.partner_id and member_id = _member_id and status in ('active', 'reauth_required');
      update partner.link
         set status = 'active', confirmed_at = clock_timestamp(), due_at = null, changed_at = clock_timestamp()
       where link_id = _link_id;
      return 'live';
    exception when unique_violation then
      get stacked diagnostics _broken = constraint_name;
      if _broken = 'link_subject' then
        perform partner.end_link(_link_id, _member_id, 'taken');
        return 'taken';
      end if;
      -- Another link of this member came alive meanwhile: the next turn sees it, and replaces it.
    end;
  end loop;
  return 'busy';
end $$;

-- Ends a link at once; its tokens are revoked at the partner afterwards, and erased. Says which partner's it was,
-- null for what is not the member's or was ended before.
create or replace function partner.end_link(_link_id uuid, _member_id uuid, _why text)
returns uuid language sql as $$
  update partner.link
     set status = 'unlinked', ended_at = clock_timestamp(), ended_why = _why, changed_at = clock_timestamp(),
         due_at = clock_timestamp()
   where link_id = _link_id and member_id = _member_id and status <> 'unlinked'
  returning partner_id;
$$;
