"""What the shop does for an order, beyond HTTP: issue, find, take back, list. Codes say no.

The key is the partner's, and stands for one redemption for ever: asked again, the shop answers how
that redemption stands now. A key with other contents is a mistake, and is told apart from a no.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec

from partners.reference_shop import book, callers, journal, problems, shop
from wallet import money

AMOUNT_MAX_MINOR: Final = 500_000
"""The most that one redemption here may be worth: a real shop has such a limit, too."""
CURRENCIES: Final = tuple(one.code for one in money.ASSETS)
PAGE: Final = 100
"""Redemptions of one page of the list."""
_LETTERS: Final = "ABCDEFGHJKMNPQRSTVWXYZ23456789"  # none that is taken for another
KEY: Final = r"^[A-Za-z0-9_-]{16,64}$"


class Wanted(msgspec.Struct, frozen=True):
    """What the partner asks to be issued."""

    kind: Literal["gift_card", "store_credit", "coupon", "points"]
    amount_minor: Annotated[int, msgspec.Meta(gt=0, le=10**12)]
    currency: Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{3}$")]
    code: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9-]{8,64}$")] | None = None
    subject: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] | None = None
    expires_at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    memo: Annotated[str, msgspec.Meta(max_length=200)] = ""


class Reversal(msgspec.Struct, frozen=True):
    """How much is to be taken back; all of it, if that is not said."""

    amount_minor: Annotated[int, msgspec.Meta(gt=0, le=10**12)] | None = None


def issue(
    at: shop.Shop, key: str, wanted: Wanted, who: callers.Caller
) -> tuple[book.Redemption, bool]:
    """Make value spendable, once for a key; True with it if that happened just now."""
    who.may("redeem")
    if who.subject is not None and wanted.subject not in (None, who.subject):
        raise problems.Problem("forbidden", "The token is of another account.")
    subject = wanted.subject or who.subject
    fact = journal.Issued(
        key=key,
        ref=f"jo_{secrets.token_hex(10)}",
        kind=wanted.kind,
        amount_minor=wanted.amount_minor,
        currency=wanted.currency,
        at=at.now(),
        code=wanted.code and wanted.code.upper(),
        subject=subject,
        expires_at=wanted.expires_at,
        memo=wanted.memo,
    )
    before = at.book.find(key)
    if before is not None:
        if not _same(before.fact, fact):
            raise problems.Problem("key_reused")
        return before, False
    _check(at, fact)
    if fact.code is None and fact.kind not in book.ON_ACCOUNTS:
        fact = msgspec.structs.replace(fact, code=_code())
    return at.book.record(fact), True


def find(at: shop.Shop, key: str, who: callers.Caller) -> book.Redemption:
    """Find what was issued for a key, as far as it is the caller's."""
    found = at.book.find(key)
    if found is None or who.subject not in (None, found.fact.subject):
        raise problems.Problem("not_found")
    return found


def reverse(
    at: shop.Shop, key: str, asked: Reversal, who: callers.Caller
) -> tuple[book.Redemption, bool]:
    """Take back what is unspent, once; True with it if that happened just now.

    A redemption has one reversal: the same again changes nothing, another amount is a mistake.
    """
    who.may("redeem")
    found = find(at, key, who)
    amount_minor = asked.amount_minor or found.fact.amount_minor
    if found.reversed_minor:
        if found.reversed_minor != amount_minor:
            raise problems.Problem("key_reused", "It was reversed by another amount.")
        return found, False
    if amount_minor > found.fact.amount_minor:
        raise problems.Problem("amount", "More than was issued.")
    if amount_minor > found.left_minor:
        raise problems.Problem("spent", f"{found.left_minor} of it can be taken back.")
    return at.book.record(journal.Reversed(key, amount_minor, at.now())), True


def between(
    at: shop.Shop, since: datetime, until: datetime, cursor: int
) -> tuple[Sequence[book.Redemption], int | None]:
    """List what was issued from `since` to before `until`; with it, where the next page begins."""
    within = at.book.between(since, until)
    rest = cursor + PAGE
    return within[cursor:rest], rest if rest < len(within) else None


def _same(before: journal.Issued, again: journal.Issued) -> bool:
    """True if a key comes with what it came with first; a code that we chose was not in it."""
    names = ["kind", "amount_minor", "currency", "subject", "expires_at", "memo"]
    if again.code is not None:
        names.append("code")
    return all(getattr(before, name) == getattr(again, name) for name in names)


def _check(at: shop.Shop, fact: journal.Issued) -> None:
    if at.book.is_full:
        raise problems.Problem("unavailable", "This shop is full. Start another.")
    if fact.currency not in CURRENCIES:
        raise problems.Problem("currency")
    if fact.amount_minor > AMOUNT_MAX_MINOR:
        raise problems.Problem("amount")
    if fact.code is not None and at.book.by_code(fact.code) is not None:
        raise problems.Problem("code_taken")
    if fact.kind not in book.ON_ACCOUNTS:
        return
    if fact.subject is None or at.shoppers.find(fact.subject) is None:
        raise problems.Problem("not_linked", "This kind needs the account of a shopper.")
    if not at.consents.linked(fact.subject):
        raise problems.Problem("not_linked")


def _code() -> str:
    return "JUN-" + "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))
