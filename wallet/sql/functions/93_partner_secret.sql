-- Secrets of partners: a new one is used from now on, and the one before it stays beside it until it is dropped, or
-- goes at once. The partner's row is locked for as long as this call takes, so that of two new ones none is lost.
create or replace function partner.set_secret(
  _partner_id uuid, _name text, _secret_id uuid, _kid text, _sealed bytea, _keep_old boolean)
returns text language plpgsql as $$
begin
  perform from partner.partner where partner_id = _partner_id for no key update;
  if not found then return 'not_found'; end if;
  if exists (select from partner.secret where partner_id = _partner_id and secret_id = _secret_id) then
    return 'replayed';
  end if;
  delete from partner.secret where partner_id = _partner_id and name = _name and (place = 1 or not _keep_old);
  update partner.secret set place = 1 where partner_id = _partner_id and name = _name and place = 0;
  insert into partner.secret (partner_id, name, place, secret_id, kid, sealed)
  values (_partner_id, _name, 0, _secret_id, _kid, _sealed);
  -- Whoever keeps an open client of this partner opens another one by this.
  update partner.partner set version = version + 1, changed_at = clock_timestamp() where partner_id = _partner_id;
  return 'set';
end $$;

-- Drops the older of two secrets; true if there was one.
create or replace function partner.drop_secret(_partner_id uuid, _name text)
returns boolean language plpgsql as $$
begin
  delete from partner.secret where partner_id = _partner_id and name = _name and place = 1;
  if not found then return false; end if;
  update partner.partner set version = version + 1, changed_at = clock_timestamp() where partner_id = _partner_id;
  return true;
end $$;
