"""How a movement reads: its sign, and a reason for every code a wallet can show."""

from wallet import money
from wallet.rules import chart, statement

EUR = money.asset("EUR")


def test_every_movement_that_touches_a_wallet_has_a_reason() -> None:
    member = set(chart.KINDS["member"])
    touching = [one for one in chart.CHART if member & {one.debit_kind, one.credit_kind}]

    reasons = [statement.reason(one.code, 123, EUR, "Rosa") for one in touching]

    assert all("1.23 EUR" in reason for reason in reasons)


def test_what_a_charity_got_is_told_both_ways() -> None:
    assert "1.23 EUR given to River Fund, as its campaign promised." == statement.reason(
        "share", 123, EUR, "River Fund"
    )
    assert "1.23 EUR given to River Fund." == statement.reason("donate", 123, EUR, "River Fund")
    assert "1.23 EUR given to a charity." == statement.reason("donate", 123, EUR, None)
    assert "1.23 EUR given to a charity came back: goods were returned to Rosa." == (
        statement.reason("unshare", 123, EUR, "Rosa")
    )


def test_the_sign_is_what_the_member_sees() -> None:
    signs = {
        one.code: statement.signed(1, one.debit_kind, one.credit_kind)
        for one in chart.CHART
        if one.code in ("earn", "mature", "hold", "release", "capture", "refund", "return")
    }

    assert {
        "earn": 1,
        "mature": 1,
        "hold": -1,
        "release": 1,
        "capture": -1,
        "refund": 1,
        "return": -1,
    } == signs
