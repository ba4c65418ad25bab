"""The chart: what may move where."""

from wallet.rules import chart


def test_every_kind_belongs_to_one_owner() -> None:
    kinds = [kind for owned in chart.KINDS.values() for kind in owned]

    assert len(kinds) == len(set(kinds))
    assert {kind: chart.owner_of(kind) for kind in kinds} == {
        kind: owner for owner, owned in chart.KINDS.items() for kind in owned
    }


def test_every_movement_joins_two_different_kinds_that_exist_and_has_its_own_code() -> None:
    kinds = {kind for owned in chart.KINDS.values() for kind in owned}

    for one in chart.CHART:
        assert {one.debit_kind, one.credit_kind} <= kinds
        assert one.debit_kind != one.credit_kind
        assert one.about.endswith(".")
        assert chart.movement(one.code) is one
    assert len({one.code for one in chart.CHART}) == len(chart.CHART)


def test_every_kind_but_those_of_later_issues_is_reached_by_a_movement() -> None:
    used = {kind for one in chart.CHART for kind in (one.debit_kind, one.credit_kind)}
    later = {"merchant_fees", "fees"}

    assert used == {kind for owned in chart.KINDS.values() for kind in owned} - later


def test_value_reaches_a_member_only_from_a_merchant_or_as_goodwill() -> None:
    into_wallets = {
        one.debit_kind
        for one in chart.CHART
        if chart.owner_of(one.credit_kind) == "member" != chart.owner_of(one.debit_kind)
    }

    assert into_wallets == {"contingent", "honoured", "goodwill"}


def test_what_is_pending_is_never_spent() -> None:
    assert {one.credit_kind for one in chart.CHART if one.debit_kind == "pending"} == {
        "available",
        "contingent",
    }
    assert {one.debit_kind for one in chart.CHART if one.credit_kind == "honoured"} == {
        "held",
        "suspense",
    }
