"""Messages that a partner sends: believed by their signature, and never an exception otherwise."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from partners import adapter
from partners.conformance.running import Bench, expect, fail

_GARBAGE = (b"", b"{", b"[]", b"null", b'"x"', b"{}", b'{"id":{}}', b"\xff\xfe")


async def check(
    bench: Bench, issue: Callable[[Bench, adapter.Order], Awaitable[adapter.Receipt]]
) -> None:
    """Good ones are read, once signed by either secret; all others are nobody's."""
    subject, now = bench.subject, datetime.now(UTC)
    if not bench.adapter.caps.reports:
        told = "It does not declare `reports`, so events() raises SignatureInvalid."
        expect(_events(bench, b"{}", {}, now) is None, told)
        return
    order = subject.order()
    receipt = await issue(bench, order)
    body = subject.webhook(order, receipt)
    good = subject.signed(body, secret=subject.webhook_secret, now=now)
    read = _events(bench, body, good, now)
    if not read:
        fail(f"events() of a message of the partner's answered {read}. It is a PartnerEvent.")
    one = read[0]
    expect(
        one.key == order.key or one.ref == receipt.ref,
        "The event names neither our key nor the receipt's ref, so nobody can tell whose it is.",
    )
    again = _events(bench, body, good, now) or ()
    expect(
        [one.event_id for one in again] == [one.event_id for one in read] and one.event_id,
        "The same message twice has two event ids. Take the partner's own, so that it counts once.",
    )
    old = _events(bench, body, good, now, secrets=("another", subject.webhook_secret))
    expect(old, "While a secret is replaced two of them may have signed; try all of `secrets`.")
    forged: dict[str, tuple[bytes, Mapping[str, str], tuple[str, ...]]] = {
        "with a changed body": (body + b" ", good, (subject.webhook_secret,)),
        "without a signature": (body, {}, (subject.webhook_secret,)),
        "signed by another secret": (
            *(body, subject.signed(body, secret="another", now=now)),  # noqa: S106
            (subject.webhook_secret,),
        ),
        "when no secret is set": (body, good, ()),
        "with signatures of other letters": (
            *(body, {name: f"é{value}" for name, value in good.items()}),
            (subject.webhook_secret,),
        ),
    }
    for how, (sent, headers, secrets) in forged.items():
        believed = _events(bench, sent, headers, now, secrets=secrets)
        expect(believed is None, f"events() believed a message {how}. Raise SignatureInvalid.")
    for garbage in _GARBAGE:
        headers = subject.signed(garbage, secret=subject.webhook_secret, now=now)
        _events(bench, garbage, headers, now + timedelta(seconds=1))


def _events(
    bench: Bench,
    body: bytes,
    headers: Mapping[str, str],
    now: datetime,
    *,
    secrets: tuple[str, ...] | None = None,
) -> list[Any] | None:
    """The events that were read; None for what was not believed."""
    subject = bench.subject
    delivery = adapter.Delivery(
        headers={name.lower(): value for name, value in headers.items()},
        body=body,
        url=subject.webhook_url,
        secrets=(subject.webhook_secret,) if secrets is None else secrets,
        now=now,
    )
    try:
        read = list(bench.adapter.events(delivery))
    except adapter.SignatureInvalid:
        return None
    except Exception as error:
        fail(
            f"events() raised {type(error).__name__} for {body[:40]!r}. What is not signed is"
            " SignatureInvalid; what is signed and not understood is no event."
        )
    if not all(isinstance(one, adapter.PartnerEvent) for one in read):
        fail(f"events() answered {read}. It is a list of PartnerEvent.")
    return read
