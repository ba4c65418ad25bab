"""The till: a page where a cashier takes what was redeemed, by its code or from an account."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from partners.reference_shop import book, journal, pages, reading, shop, telling
from wallet import money


def routes(at: shop.Shop, teller: telling.Teller) -> list[BaseRoute]:
    """Return the address of the till."""

    async def till(request: Request) -> Response:
        if request.method != "POST":
            return pages.render("till.html", said="", problem="", what="", amount="")
        form = await reading.form(request)
        if not reading.from_us(request, at.origin):
            return pages.problem("This form was not sent from here.", 403)
        what, amount = form.get("what", ""), form.get("amount", "")
        taken, problem = _take(at, what, amount)
        for one in taken:
            teller.tell(one)
        said = f"Taken: {amount} {taken[0].fact.currency}." if taken else ""
        return pages.render(
            "till.html",
            status=422 if problem else 200,
            said=said,
            problem=problem,
            what=what if problem else "",
            amount=amount if problem else "",
        )

    return [Route("/till", till, methods=["GET", "POST"])]


def _take(at: shop.Shop, what: str, amount: str) -> tuple[Sequence[book.Redemption], str]:
    """Spend an amount: what changed, or why nothing did."""
    found = _found(at, what)
    if not found:
        return (), "There is no such code, and no account with this e-mail address."
    currency = found[0].fact.currency
    found = [one for one in found if one.fact.currency == currency]
    now = at.now()
    if any(one.fact.expires_at is not None and one.fact.expires_at <= now for one in found):
        return (), "It has expired."
    try:
        amount_minor = money.parse(amount.strip(), money.asset(currency))
    except ValueError as error:
        return (), f"The amount is {error}."
    left = sum(one.left_minor for one in found)
    if not 0 < amount_minor <= left:
        return (), f"There is {pages.amount(left, currency)} to spend."
    return _spend(at, found, amount_minor), ""


def _found(at: shop.Shop, what: str) -> list[book.Redemption]:
    """What a code or an e-mail address stands for, oldest first; what is left on accounts only."""
    coded = at.book.by_code(what)
    if coded is not None:
        return [coded]
    person = at.shoppers.by_email(what)
    if person is None:
        return []
    return [one for one in at.book.of(person.subject) if one.fact.code is None and one.left_minor]


def _spend(
    at: shop.Shop, found: Sequence[book.Redemption], amount_minor: int
) -> Sequence[book.Redemption]:
    changed = []
    for one in found:
        part = min(one.left_minor, amount_minor)
        if part:
            changed.append(at.book.record(journal.Spent(one.fact.key, part, at.now())))
            amount_minor -= part
    return changed
