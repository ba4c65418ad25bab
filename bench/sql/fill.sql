-- Books with a history, made fast and true to every law: for each wallet some lots that came in as
-- goodwill and were given away, each by its own two movements, and then some that are still open.
-- Everything is a closed form of the wallet's number, so nothing needs sorting or counting. Movements
-- are written in the order of their time, wallet after wallet, as a year would have written them.
create or replace procedure bench.fill(
  p_wallets bigint, p_spent int, p_open int, p_amount bigint, p_operator uuid, p_charity uuid)
language plpgsql as $$
declare
  v_moves int := 2 * p_spent + p_open;
  v_time bigint;
  v_given int;
  v_lot bigint;
begin
  insert into coalition.member (member_id, wallet_id, display_name, email)
  select bench.member(n), bench.wallet(n), 'Member ' || n, 'member' || n || '@example.org'
    from generate_series(0, p_wallets - 1) n;
  insert into ledger.wallet (bucket, wallet_id, asset, credited, debited, version)
  select bench.bucket(n), bench.wallet(n), 978, (p_spent + p_open) * p_amount, p_spent * p_amount, v_moves
    from generate_series(0, p_wallets - 1) n;
  for v in 1 .. v_moves loop
    v_time := 1767225600000 + v * 86400000;
    if v % 2 = 1 or v > 2 * p_spent then
      v_given := case when v > 2 * p_spent then v - p_spent else (v + 1) / 2 end;
      insert into ledger.transfer (bucket, transfer_id, asset, code, debit_kind, credit_kind, amount, wallet_id,
        wallet_version, pending_after, available_after, held_after, debit_owner, debit_version, lot_id, cause_id,
        partner_id, effective_at, posted_at)
      select bench.bucket(n), bench.id(v_time, '8000', n), 978, 'goodwill', 'goodwill', 'available', p_amount,
             bench.wallet(n), v, 0, p_amount * greatest(1, v - 2 * p_spent), 0, p_operator,
             (n / 256) * (p_spent + p_open) + v_given, bench.id(v_time, '8000', n), bench.id(v_time, 'b000', n),
             p_operator, to_timestamp(v_time / 1000), to_timestamp(v_time / 1000)
        from generate_series(0, p_wallets - 1) n;
      insert into ledger.lot (bucket, lot_id, wallet_id, asset, funder_id, rule_id, cause_id, amount, pending,
        remaining, open, earned_at, available_at, expires_at, grace_days, breakage, breakage_owner)
      select bench.bucket(n), bench.id(v_time, '8000', n), bench.wallet(n), 978, p_operator, p_operator,
             bench.id(v_time, 'b000', n), p_amount, 0, case when v > 2 * p_spent then p_amount else 0 end,
             v > 2 * p_spent, to_timestamp(v_time / 1000), to_timestamp(v_time / 1000),
             to_timestamp(v_time / 1000) + interval '3 years', 30, 'operator', p_operator
        from generate_series(0, p_wallets - 1) n;
    else
      v_lot := v_time - 86400000;
      insert into ledger.transfer (bucket, transfer_id, asset, code, debit_kind, credit_kind, amount, wallet_id,
        wallet_version, pending_after, available_after, held_after, credit_owner, credit_version, cause_id,
        partner_id, fingerprint, effective_at, posted_at)
      select bench.bucket(n), bench.id(v_time, '8000', n), 978, 'donate', 'available', 'due', p_amount,
             bench.wallet(n), v, 0, 0, 0, p_charity, (n / 256) * p_spent + v / 2, bench.id(v_time, '8000', n),
             p_charity, p_operator, to_timestamp(v_time / 1000), to_timestamp(v_time / 1000)
        from generate_series(0, p_wallets - 1) n;
      insert into ledger.draw (bucket, cause_id, lot_id, transfer_id, amount)
      select bench.bucket(n), bench.id(v_time, '8000', n), bench.id(v_lot, '8000', n),
             bench.id(v_time, '8000', n), p_amount
        from generate_series(0, p_wallets - 1) n;
      insert into ledger.donation (bucket, donation_id, wallet_id, asset, charity_id, amount, kind, donated_at)
      select bench.bucket(n), bench.id(v_time, '8000', n), bench.wallet(n), 978, p_charity, p_amount, 'once',
             to_timestamp(v_time / 1000)
        from generate_series(0, p_wallets - 1) n;
    end if;
    commit;
  end loop;
  insert into ledger.position (bucket, owner_id, kind, asset, debited, version)
  select bench.bucket(n), p_operator, 'goodwill', 978, count(*) * (p_spent + p_open) * p_amount,
         count(*) * (p_spent + p_open)
    from generate_series(0, p_wallets - 1) n group by 1;
  insert into ledger.position (bucket, owner_id, kind, asset, credited, version)
  select bench.bucket(n), p_charity, 'due', 978, count(*) * p_spent * p_amount, count(*) * p_spent
    from generate_series(0, p_wallets - 1) n where p_spent > 0 group by 1;
end $$;
