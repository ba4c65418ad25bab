-- Least privilege: the application may call the verbs and read; it can not write the books by any other way, nor
-- call the primitives that the verbs are made of.
do $$ begin
  if not exists (select 1 from pg_roles where rolname = 'commonpurse_app') then
    create role commonpurse_app nologin;
  end if;
exception when duplicate_object or unique_violation then null;
end $$;
grant usage on schema ledger, coalition, identity, partner to commonpurse_app;
grant select on all tables in schema ledger, coalition, identity, partner to commonpurse_app;
revoke execute on all functions in schema ledger from public;
grant execute on function ledger.open_wallet, ledger.set_wallet_state, ledger.claim, ledger.post_purchases,
  ledger.record_event, ledger.decide_due, ledger.reverse_purchase, ledger.issue_code, ledger.hold, ledger.settle,
  ledger.refund, ledger.credit_goodwill, ledger.donate, ledger.notice_expiry, ledger.expire, ledger.post_award,
  ledger.reverse_award, ledger.use_benefit, ledger.budget_allot, ledger.budget_recall to commonpurse_app;
grant delete on ledger.outbox to commonpurse_app;
grant insert on ledger.seal to commonpurse_app;
grant insert, update on coalition.programme, coalition.member, coalition.merchant, coalition.store, coalition.staff,
  coalition.allowance, coalition.approval, coalition.notice to commonpurse_app;
-- What of a budget is allotted moves with the shares of the books, by their functions alone.
-- Favourites are worked out anew; an offer, once made, stays.
-- An invitation is a promise, no money: its rewards are awards, which only the books can make.
grant insert on coalition.contract, coalition.audit, coalition.budget_alert, coalition.campaign_version,
  coalition.campaign_change, coalition.programme_version, coalition.terms_document, coalition.terms_publication,
  coalition.terms_acceptance, coalition.label_evidence, coalition.experiment, coalition.experiment_end,
  coalition.exposure, coalition.offer, coalition.referral_code to commonpurse_app;
grant insert (budget_id, kind, subject_id, asset, cap_minor, alerts), update (cap_minor, alerts) on
  coalition.budget to commonpurse_app;
grant insert, update on coalition.campaign, coalition.segment, coalition.segment_member, coalition.profile,
  coalition.referral to commonpurse_app;
grant insert, update, delete on coalition.favourite to commonpurse_app;
-- What is to be looked at is a list of errands, and what is done is struck off.
grant insert on coalition.scheme_version to commonpurse_app;
grant insert, update on coalition.scheme to commonpurse_app;
grant insert, update, delete on coalition.look to commonpurse_app;
-- Scores of boards move with the wallets of the books, by their functions alone.
grant execute on function ledger.score_board, ledger.set_board_member, ledger.enter_contest,
  ledger.record_game, ledger.settle_play, ledger.start_quiz, ledger.answer_quiz to commonpurse_app;
grant insert on coalition.contest_freeze, coalition.contest_result, coalition.contest_prize to commonpurse_app;
-- Nothing in `identity` is money; what is over (codes, challenges, sessions) is swept away.
grant insert, update, delete on all tables in schema identity to commonpurse_app;
-- Nor in `partner`: who the shops are, links to them, and what is told to whom.
grant insert, update, delete on all tables in schema partner to commonpurse_app;
-- Limits on games are the member's own, and are written under the wallet's lock.
grant execute on function ledger.set_play_limit to commonpurse_app;
grant execute on function ledger.grant_tickets, ledger.withdraw_tickets, ledger.spin, ledger.settle_spin, ledger.enter,
  ledger.close_gates, ledger.tell_win to commonpurse_app;
-- A seed is secret until it is revealed, also to the application: it may ask for turns, and never read one.
revoke select on coalition.draw_secret from commonpurse_app;
revoke execute on function coalition.hmac_sha256, coalition.sampled, coalition.commit_seed, coalition.open_epoch,
  coalition.reveal_seed, coalition.take_turn, coalition.pass_place from public;
grant execute on function coalition.commit_seed, coalition.open_epoch, coalition.reveal_seed, coalition.take_turn,
  coalition.pass_place to commonpurse_app;
grant insert on coalition.draw_list, coalition.draw_result, coalition.draw_place to commonpurse_app;
grant update (award_id, note, settled_at) on coalition.draw_place to commonpurse_app;
grant execute on function ledger.advance_standings, ledger.override_tier to commonpurse_app;
grant execute on function ledger.keep_activity, ledger.record_completions, ledger.rename_reward to commonpurse_app;
grant execute on function ledger.act_membership, ledger.refuse_membership, ledger.remind_membership,
  ledger.open_subscription, ledger.cancel_subscription to commonpurse_app;
-- Gifts to charities, and what is paid out to them.
grant execute on function ledger.give_due, ledger.remit, ledger.unremit, ledger.match_donation to commonpurse_app;
grant insert, update on coalition.remittance to commonpurse_app;
-- A charity moves by steps that stay; what it is due moves in the books alone.
grant insert, update on coalition.charity to commonpurse_app;
grant insert on coalition.charity_change, coalition.charity_agreement to commonpurse_app;
grant execute on function ledger.set_pledge, ledger.end_pledge, ledger.carry_out to commonpurse_app;
-- Safe spending: locks and reviews move under the wallet's lock, rules are published once and never changed.
grant execute on function ledger.set_spend_lock, ledger.decide_spend to commonpurse_app;
grant insert on coalition.spending_rules to commonpurse_app;
-- Orders at partners follow what the partners acknowledge.
grant execute on function ledger.order_hold, ledger.order_take, ledger.order_record, ledger.order_reverse,
  ledger.order_resolve to commonpurse_app;
-- A gift card is the member's leave; what a store asks of it moves in the books alone.
grant execute on function ledger.make_card, ledger.end_card, ledger.hold_by_card, ledger.settle_card,
  ledger.cancel_card, ledger.credit_card to commonpurse_app;
-- A link is confirmed and ended by functions, because two members may name one account.
revoke execute on function partner.confirm_link, partner.end_link from public;
grant execute on function partner.confirm_link, partner.end_link to commonpurse_app;
grant commonpurse_app to current_user;
