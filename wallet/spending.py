"""Safe spending: locking a wallet, the limits of the coalition, and the spends a person looks at.

What is checked, is checked by the books under the wallet's lock, in every function by which value
leaves (`ledger.spend_refusal`); here locks are set, rules published and decisions made.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, TypeAlias
from uuid import UUID

from wallet import audit, errors, ids, ledger, members, merchants, money, programme, sql
from wallet.database import Database
from wallet.rules import spending as rules

PERMIT: Final = timedelta(hours=24)
"""How long an allowed spend may wait for the member to try again: a night and a day."""
PAGE_MAX: Final = 101
"""One screen of a supervisor, and the row that says that more follow."""
TRIES_MAX: Final = 5
"""How often rules are published anew because somebody else came first."""

State: TypeAlias = Literal["open", "allowed", "denied"]
By: TypeAlias = Literal["member", "staff"]

_REVIEWS: Final = (
    "select r.review_id, m.member_id, r.merchant_id, r.asset, r.amount as amount_minor, r.passed,"
    " r.most, r.tries, r.asked_at, r.state, r.decided_by, r.reason, r.decided_at, r.good_until,"
    " r.used_by from ledger.spend_review r join coalition.member m on m.wallet_id = r.wallet_id"
)
_RULES: Final = (
    "select version, one_minor, day_minor, hour_most, day_most, merchants, territories, note,"
    " published_by, published_at from coalition.spending_rules"
)


@dataclass(frozen=True, slots=True)
class Lock:
    """Whether a wallet is locked, since when, and by whom it can be opened."""

    locked: bool
    by: By | None = None
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """One version of the rules, and who published it why."""

    version: int
    rules: rules.Rules
    note: str
    published_by: UUID
    published_at: datetime


@dataclass(frozen=True, slots=True)
class Published:
    """Rules that hold; `replayed` if this id had been published before."""

    version: Version
    replayed: bool


@dataclass(frozen=True, slots=True)
class Review:
    """A spend that passed a limit; `most` is the limit in its own unit, `tries` how often it came.

    One that is allowed is good until `good_until` for one spend, `used_by`.
    """

    review_id: UUID
    member_id: UUID
    merchant_id: UUID
    asset: money.Asset
    amount_minor: int
    passed: rules.Passed
    most: int
    tries: int
    asked_at: datetime
    state: State
    decided_by: UUID | None
    reason: str | None
    decided_at: datetime | None
    good_until: datetime | None
    used_by: UUID | None


@dataclass(frozen=True, slots=True)
class Decided:
    """A review after its decision; `replayed` if this person had decided so before."""

    review: Review
    replayed: bool


async def lock(
    db: Database,
    member: members.Member,
    *,
    locked: bool,
    by: By,
    actor: audit.Actor,
    reason: str | None = None,
    now: datetime | None = None,
) -> Lock:
    """Lock a wallet for spending and giving, or open it. The same again changes nothing.

    SPEND_LOCKED for a member who would open what the staff has locked.
    """
    if by == "staff":
        assert reason is not None
        audit.check_reason(reason)
    answer = await db.call(
        "select ledger.set_spend_lock($1, $2, $3, $4, $5)",
        ledger.bucket(member.wallet_id),
        member.wallet_id,
        locked,
        by,
        now,
    )
    if not ledger.replayed(answer):
        await audit.write(
            db,
            actor=actor,
            act="spending.lock" if locked else "spending.unlock",
            subject=member.member_id,
            reason=reason,
            once=ids.derived(member.wallet_id, f"spend lock {answer['version']}"),
        )
    return await lock_of(db, member.wallet_id)


async def lock_of(db: Database, wallet_id: UUID) -> Lock:
    """Whether a wallet is locked."""
    row = await db.fetchrow(
        "select locked, by_kind as by, changed_at from ledger.spend_lock"
        " where bucket = $1 and wallet_id = $2",
        ledger.bucket(wallet_id),
        wallet_id,
    )
    return Lock(locked=False) if row is None else Lock(**dict(row))


async def current(db: Database) -> Version | None:
    """The rules that hold now; None where none were ever published, so that nothing is limited."""
    row = await db.fetchrow(f"{_RULES} order by version desc limit 1")
    return None if row is None else _version(dict(row))


async def publish(
    db: Database, *, request_id: UUID, told: rules.Rules, note: str, actor: audit.Actor
) -> Published:
    """Publish the next rules; they hold at once, for every way of spending.

    AMOUNT_INVALID, TOO_MANY, TEXT_INVALID, NOT_FOUND for a merchant that there is not.
    """
    audit.check_reason(note, "note")
    rules.check(told)
    for place, merchant_id in enumerate(told.merchants or ()):
        try:
            await merchants.find(db, merchant_id)
        except errors.NotFound:
            raise errors.NotFound(path=("merchants", str(place))) from None
    house = await programme.of(db)
    for _ in range(TRIES_MAX):
        recorded = await db.fetchval(
            sql.load("queries/spending_publish"),
            request_id,
            told.one_minor,
            told.day_minor,
            told.hour_most,
            told.day_most,
            None if told.merchants is None else list(told.merchants),
            list(told.territories),
            note,
            actor.actor_id or house.operator_id,
        )
        if recorded is None:
            continue  # Somebody else has taken this number: take the next one.
        row = await db.fetchrow(f"{_RULES} where request_id = $1", request_id)
        assert row is not None
        found = _version(dict(row))
        if (found.rules, found.note) != (told, note):
            raise errors.IdempotencyKeyReused(first_used_at=found.published_at)
        await audit.write(
            db,
            actor=actor,
            act="spending.rules",
            subject=house.operator_id,
            reason=note,
            detail={"version": found.version},
            once=request_id,
        )
        return Published(found, replayed=recorded == "replayed")
    raise errors.IdempotencyInProgress()


async def find(db: Database, review_id: UUID) -> Review:
    """The review with this id, or NOT_FOUND."""
    row = await db.fetchrow(
        f"{_REVIEWS} where r.bucket = $1 and r.review_id = $2", ledger.bucket(review_id), review_id
    )
    if row is None:
        raise errors.NotFound()
    return _read(dict(row))


async def page(
    db: Database, *, first: int, before: tuple[datetime, UUID] | None, state: State | None
) -> list[Review]:
    """Reviews, newest first; `before` is the last one seen, None for the start."""
    assert 0 < first <= PAGE_MAX
    at, last = before or (None, None)
    rows = await db.fetch(
        f"{_REVIEWS} where ($1::timestamptz is null or (r.asked_at, r.review_id) < ($1, $2::uuid))"
        " and ($3::text is null or r.state = $3) order by r.asked_at desc, r.review_id desc"
        " limit $4",
        at,
        last,
        state,
        first,
    )
    return [_read(dict(row)) for row in rows]


async def decide(
    db: Database,
    *,
    review_id: UUID,
    allow: bool,
    reason: str,
    actor: audit.Actor,
    now: datetime | None = None,
) -> Decided:
    """Allow a spend, once, of at most its amount at its merchant within a day; or deny it.

    APPROVAL_CLOSED where somebody decided before.
    """
    audit.check_reason(reason)
    assert actor.actor_id is not None, "a person decides"
    found = await find(db, review_id)
    state: State = "allowed" if allow else "denied"
    answer = await db.call(
        "select ledger.decide_spend($1, $2, $3, $4, $5, $6, $7)",
        ledger.bucket(review_id),
        review_id,
        state,
        actor.actor_id,
        reason,
        PERMIT,
        now,
    )
    replayed = ledger.replayed(answer)
    await audit.write(
        db,
        actor=actor,
        act=f"spending.{state}",
        subject=found.member_id,
        reason=reason,
        detail={"review": ids.show("rev", review_id), "amount_minor": found.amount_minor},
        once=review_id,
    )
    return Decided(await find(db, review_id), replayed)


def _version(facts: dict[str, Any]) -> Version:
    names = ("one_minor", "day_minor", "hour_most", "day_most")
    merchants_only, territories = facts.pop("merchants"), facts.pop("territories")
    held = rules.Rules(
        **{name: facts.pop(name) for name in names},
        merchants=None if merchants_only is None else tuple(merchants_only),
        territories=tuple(territories),
    )
    return Version(rules=held, **facts)


def _read(facts: dict[str, Any]) -> Review:
    return Review(asset=money.asset_by_number(facts.pop("asset")), **facts)
