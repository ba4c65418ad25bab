"""The stock of a shop without an API: loading its codes, and hearing what became of them.

Files come from a person's spreadsheet, so a file is read whole before anything is done: one wrong
line, and nothing of it has happened. Refusals name the line and never the code.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias
from uuid import UUID

import asyncpg

from partners import directory, shelf, vault
from wallet import audit, errors, ids, money
from wallet.database import Database
from wallet.rules import orders

CHARS_MAX: Final = 2_000_000
"""Of a file: its longest has a hundred characters a line."""
LINES_MAX: Final = 10_000
"""Codes of one file; a shop with more sends several."""
CODE_CHARS_MAX: Final = 80
"""A code is typed by a person, or read by a scanner."""
TO_VOID_MAX: Final = 10_000
MAC: Final = "partner stock"

Told: TypeAlias = Literal["spent", "void"]

_INSERT: Final = """
insert into partner.stock
  (stock_id, partner_id, kind, asset, amount, kid, sealed, digest_kid, digest)
select s, $2, $3, $4, a, k, t, d, g
  from unnest($1::uuid[], $5::bigint[], $6::text[], $7::bytea[], $8::text[], $9::bytea[])
    as one (s, a, k, t, d, g)
on conflict (stock_id) do nothing
"""
_SETTLE: Final = """
update partner.stock s set state = one.told, changed_at = clock_timestamp()
  from unnest($2::uuid[], $3::text[]) as one (stock_id, told)
 where s.partner_id = $1 and s.stock_id = one.stock_id and s.state <> one.told
   and s.state in ('taken', 'returning')
returning s.stock_id
"""


@dataclass(frozen=True, slots=True)
class Level:
    """How many codes of an amount are in a state."""

    kind: orders.Kind
    amount_minor: int
    asset: money.Asset
    state: str
    count: int


@dataclass(frozen=True, slots=True)
class Settled:
    """What a shop's file did: how many codes are spent or void since then.

    `strangers` are lines with codes that we do not know, `unasked` with codes that nobody was
    given: those are left as they are.
    """

    changed: int
    strangers: tuple[int, ...]
    unasked: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ToVoid:
    """A code that the shop is to void, for whoever takes it there."""

    code: str
    amount_minor: int
    asset: money.Asset
    order_key: str


async def load(
    db: Database,
    ring: vault.Vault,
    partner: directory.Partner,
    *,
    kind: orders.Kind,
    file: str,
    reason: str,
    actor: audit.Actor,
) -> int:
    """Load a file with the columns `code` and `amount`: how many codes are new.

    PARTNER_INVALID with the line at fault, or for a code that was loaded before.
    """
    audit.check_reason(reason)
    if partner.adapter != "csv" or partner.offer(kind) is None:
        raise errors.PartnerInvalid(
            "This partner takes no codes of this kind. Choose another one.", path=("partner_id",)
        )
    lines = list(_lines(file, "code", "amount"))
    amounts = [_amount(text, partner.asset, number) for number, (_, text) in lines]
    codes = [code for _, (code, _) in lines]
    known = await _known(db, ring, partner.partner_id, codes)
    seen: set[str] = set(known)
    for number, (code, _) in lines:
        if code in seen:
            raise _wrong(number, "this code was loaded before, or stands in the file twice")
        seen.add(code)
    rows = [_row(ring, partner.partner_id, code) for code in codes]
    try:
        await db.bulk(
            _INSERT,
            [row[0] for row in rows],
            *(partner.partner_id, kind, partner.asset.number, amounts),
            *([row[place] for row in rows] for place in (1, 2, 3, 4)),
        )
    except asyncpg.UniqueViolationError:
        raise errors.IdempotencyInProgress() from None  # The same file, loaded twice at once.
    await audit.write(
        db,
        actor=actor,
        act="partner.stock.load",
        subject=partner.partner_id,
        reason=reason,
        detail={"kind": kind, "codes": len(rows), "amount_minor": sum(amounts)},
    )
    return len(rows)


async def levels(db: Database, partner: directory.Partner) -> list[Level]:
    """How many codes there are of each kind, amount and state."""
    rows = await db.fetch(
        "select kind, amount, asset, state, count(*) as count from partner.stock"
        " where partner_id = $1 group by kind, amount, asset, state order by 1, 2, 4",
        partner.partner_id,
    )
    return [
        Level(
            row["kind"],
            row["amount"],
            money.asset_by_number(row["asset"]),
            row["state"],
            row["count"],
        )
        for row in rows
    ]


async def to_void(
    db: Database,
    ring: vault.Vault,
    partner: directory.Partner,
    *,
    reason: str,
    actor: audit.Actor,
) -> list[ToVoid]:
    """The codes that the shop is to void, as long as it has not said so; at most TO_VOID_MAX."""
    audit.check_reason(reason)
    rows = await db.fetch(
        "select stock_id, kid, sealed, amount, asset, order_key from partner.stock"
        " where partner_id = $1 and state = 'returning' order by stock_id limit $2",
        partner.partner_id,
        TO_VOID_MAX,
    )
    await audit.write(
        db,
        actor=actor,
        act="partner.stock.look",
        subject=partner.partner_id,
        reason=reason,
        detail={"codes": len(rows)},
    )
    return [
        ToVoid(
            ring.open(
                vault.Sealed(row["kid"], row["sealed"]),
                table=shelf.TABLE,
                row=row["stock_id"],
                column=shelf.COLUMN,
            ).decode(),
            row["amount"],
            money.asset_by_number(row["asset"]),
            row["order_key"],
        )
        for row in rows
    ]


async def settle(
    db: Database,
    ring: vault.Vault,
    partner: directory.Partner,
    *,
    file: str,
    reason: str,
    actor: audit.Actor,
) -> Settled:
    """Hear from the shop which codes are `spent` or `void`: a file with `code` and `state`.

    Repeating it changes nothing. A code is spent or void once and for ever.
    """
    audit.check_reason(reason)
    lines = list(_lines(file, "code", "state"))
    for number, (_, state) in lines:
        if state not in ("spent", "void"):
            raise _wrong(number, "a state is spent or void")
    known = await _known(db, ring, partner.partner_id, [code for _, (code, _) in lines])
    ours = [(known[code], state) for _, (code, state) in lines if code in known]
    rows = await db.fetch(
        _SETTLE,
        partner.partner_id,
        [stock_id for (stock_id, _), _ in ours],
        [state for _, state in ours],
    )
    await audit.write(
        db,
        actor=actor,
        act="partner.stock.settle",
        subject=partner.partner_id,
        reason=reason,
        detail={"changed": len(rows), **Counter(state for _, (_, state) in lines)},
    )
    return Settled(
        changed=len(rows),
        strangers=tuple(number for number, (code, _) in lines if code not in known),
        unasked=tuple(
            number for number, (code, _) in lines if code in known and known[code][1] == "free"
        ),
    )


def _lines(file: str, *columns: str) -> Iterator[tuple[int, tuple[str, str]]]:
    """The two columns of each line with its number; PARTNER_INVALID for what is no such file."""
    if len(file) > CHARS_MAX:
        raise errors.TooMany(path=("file",), limit=CHARS_MAX)
    text = file.removeprefix("\ufeff")  # Spreadsheets put it there.
    head = text.partition("\n")[0]
    rows = csv.DictReader(io.StringIO(text), delimiter=";" if ";" in head else ",", strict=True)
    names = [(name or "").strip().lower() for name in rows.fieldnames or ()]
    if any(one not in names for one in columns):
        raise _wrong(1, f"the first line names the columns: {' and '.join(columns)}")
    rows.fieldnames = names
    number = 1
    try:
        for number, row in enumerate(rows, start=2):
            if number > LINES_MAX + 1:
                raise errors.TooMany(path=("file",), limit=LINES_MAX)
            if None in row:  # An amount of 1,00 in a file with commas would be 1.
                raise _wrong(number, "there are more columns than the first line names")
            first, second = ((row.get(one) or "").strip() for one in columns)
            if not first.isprintable() or not 0 < len(first) <= CODE_CHARS_MAX:
                raise _wrong(number, f"a code has 1 to {CODE_CHARS_MAX} printable characters")
            yield number, (first, second)
    except csv.Error as error:
        raise _wrong(number + 1, f"it is no CSV ({error})") from None


def _amount(text: str, asset: money.Asset, number: int) -> int:
    try:
        minor = money.parse(text, asset)
    except ValueError as error:
        raise _wrong(number, f"the amount is {error}") from None
    if not 0 < minor <= money.AMOUNT_MAX_MINOR:
        raise _wrong(number, "the amount is not above zero")
    return minor


def _row(ring: vault.Vault, partner_id: UUID, code: str) -> tuple[UUID, str, bytes, str, bytes]:
    stock_id = ids.new()
    sealed = ring.seal(code.encode(), table=shelf.TABLE, row=stock_id, column=shelf.COLUMN)
    kid, digest = ring.mac(MAC, partner_id.bytes + code.encode())
    return stock_id, sealed.kid, sealed.text, kid, digest


async def _known(
    db: Database, ring: vault.Vault, partner_id: UUID, codes: Sequence[str]
) -> dict[str, tuple[UUID, str]]:
    """Those of the codes that we have, by every key of the ring: where, and in which state."""
    digests: dict[bytes, str] = {}
    for kid in ring.kids:
        for code in codes:
            digests[ring.mac(MAC, partner_id.bytes + code.encode(), kid)[1]] = code
    rows = await db.fetch(
        "select stock_id, state, digest from partner.stock"
        " where partner_id = $1 and digest = any($2)",
        partner_id,
        list(digests),
    )
    return {digests[row["digest"]]: (row["stock_id"], row["state"]) for row in rows}


def _wrong(number: int, why: str) -> errors.PartnerInvalid:
    sentence = f"Line {number}: {why}. Nothing was done; correct the file and send it again."
    return errors.PartnerInvalid(sentence, path=("file", str(number)))
