"""Checking a draw from its export: every number is drawn again, every list hashed again.

It needs nothing but the export. A finding is one thing that was looked at; it is true, false, or
not known yet because the seed is still secret. What is false is named, one by one.
"""

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias, TypeVar

import msgspec

from wallet.rules.draws import definition, record, sampler

NAMED_MAX: Final = 20
"""What is named of what is wrong: whoever reads it knows enough, and the count says the rest."""

Kind = TypeVar("Kind", bound=definition.Draw)
Wheels: TypeAlias = Mapping[str, definition.Wheel]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `holds` is None where it cannot be known yet."""

    says: str
    holds: bool | None
    wrong: tuple[str, ...] = ()


def verify(document: object) -> tuple[Finding, ...]:
    """Check an export, as decoded JSON. ValueError, in words, for what is none."""
    read = record.read(document)
    if read.format != record.FORMAT:
        raise ValueError(f"this export is of the format {read.format}, not {record.FORMAT}")
    if isinstance(read, record.WheelRecord):
        return tuple(_wheel(read))
    return tuple(_raffle(read))


def holds(findings: tuple[Finding, ...]) -> bool:
    """True if nothing is wrong."""
    return all(one.holds is not False for one in findings)


def _finding(says: str, found: Iterable[str]) -> Finding:
    wrong = list(found)
    told = wrong[:NAMED_MAX]
    if len(wrong) > NAMED_MAX:
        told.append(f"and {len(wrong) - NAMED_MAX} more")
    return Finding(says, not wrong, tuple(told))


def _wheel(it: record.WheelRecord) -> Iterator[Finding]:
    used = [one for one in it.epochs if one.opened_at is not None]
    wheels = {version: _read(raw, definition.Wheel) for version, raw in it.definitions.items()}
    yield _finding("epochs are numbered without gaps", _gaps([one.epoch for one in it.epochs]))
    yield _finding("spins are numbered without gaps", _numbering(used))
    tickets = Counter(turn.ticket for epoch in used for turn in epoch.turns)
    yield _finding("each ticket was spun once", [one for one, n in tickets.items() if n > 1])
    yield _finding("each seed was committed to before its use", _late(used))
    yield _finding("the definitions are those that were published", _definitions(it, used))
    yield _finding("each revealed seed is the one that was committed to", _seeds(it.epochs))
    yield _finding("each spin draws what its seed says", _drawn(it, used, wheels))
    yield _finding("prizes were given as far as there were any", _given(used, wheels))
    waiting = [one for one in used if one.seed is None]
    if waiting:
        spins = sum(len(one.turns) for one in waiting)
        yield Finding(f"{spins} spins cannot be checked until their seed is revealed", None)


def _raffle(it: record.RaffleRecord) -> Iterator[Finding]:
    raffle = _read(it.definition, definition.Raffle)
    published = sampler.definition_hash(it.definition) == it.definition_sha256
    yield Finding("the definition is the one that was published", published)
    frozen = it.frozen
    if frozen is None:
        yield Finding("the list of entries is not frozen yet", None)
        return
    ordered = list(frozen.tickets) == sorted(set(frozen.tickets))
    yield Finding("the list is sorted and names each ticket once", ordered)
    yield Finding("the list has as many tickets as it says", frozen.count == len(frozen.tickets))
    hashed = sampler.list_hash(frozen.tickets)
    yield Finding("the list has the hash it says", frozen.sha256 == hashed)
    early = it.committed_at <= frozen.at
    yield Finding("the seed was committed to before the list was frozen", early)
    yield _finding("the chance is the one that was named", _chance(it, raffle))
    if it.seed is None or it.drawn_at is None:
        yield Finding("the winners cannot be checked until the seed is revealed", None)
        return
    seed = bytes.fromhex(it.seed)
    yield Finding("the list was frozen before it was drawn", frozen.at <= it.drawn_at)
    committed = sampler.commitment(seed) == it.commitment
    yield Finding("the revealed seed is the one that was committed to", committed)
    yield _finding("the winners are those that the seed says", _winners(it, frozen, raffle, seed))
    yield _finding("each prize went to the next in order", _prizes(it, raffle))


def _read(raw: object, kind: type[Kind]) -> Kind:
    try:
        read = msgspec.convert(raw, kind)
        definition.check(read)
    except (msgspec.ValidationError, definition.Problem) as problem:
        raise ValueError(f"a definition in this export cannot be run: {problem}") from None
    return read


def _gaps(numbers: list[int]) -> list[str]:
    return [f"place {n} is epoch {one}" for n, one in enumerate(numbers, 1) if n != one]


def _numbering(epochs: list[record.Epoch]) -> Iterator[str]:
    for epoch in epochs:
        numbers = [turn.number for turn in epoch.turns]
        missing = sorted(set(range(1, epoch.spins + 1)) - set(numbers))
        yield from (f"spin {epoch.epoch}/{number} is missing" for number in missing)
        if not missing and numbers != list(range(1, epoch.spins + 1)):
            yield f"the spins of epoch {epoch.epoch} are not those it counts"


def _late(epochs: list[record.Epoch]) -> Iterator[str]:
    for epoch in epochs:
        assert epoch.opened_at is not None
        if epoch.committed_at > epoch.opened_at:
            yield f"epoch {epoch.epoch}"
        yield from (
            f"spin {epoch.epoch}/{turn.number}" for turn in epoch.turns if turn.at < epoch.opened_at
        )


def _definitions(it: record.WheelRecord, epochs: list[record.Epoch]) -> Iterator[str]:
    for epoch in epochs:
        raw = it.definitions.get(epoch.version or "")
        if raw is None:
            yield f"that of epoch {epoch.epoch} is missing"
        elif sampler.definition_hash(raw) != epoch.definition_sha256:
            yield f"that of epoch {epoch.epoch} has another hash"


def _seeds(epochs: Iterable[record.Epoch]) -> Iterator[str]:
    for epoch in epochs:
        if epoch.seed and sampler.commitment(bytes.fromhex(epoch.seed)) != epoch.commitment:
            yield f"epoch {epoch.epoch}"


def _drawn(it: record.WheelRecord, epochs: list[record.Epoch], wheels: Wheels) -> Iterator[str]:
    for epoch in epochs:
        wheel = wheels.get(epoch.version or "")
        if epoch.seed is None or wheel is None:
            continue  # Both are said by findings of their own.
        seed, weights = bytes.fromhex(epoch.seed), [one.weight for one in wheel.prizes]
        for turn in epoch.turns:
            message = sampler.spin_message(
                draw=it.draw,
                epoch=epoch.epoch,
                definition=epoch.definition_sha256 or "",
                ticket=turn.ticket,
                client_seed=turn.client_seed,
            )
            number = sampler.number(seed, message, wheel.total)
            drawn = wheel.prizes[sampler.chosen(weights, number)].name
            if drawn != turn.drawn:
                yield f"spin {epoch.epoch}/{turn.number} drew {drawn}, not {turn.drawn}"


def _given(epochs: list[record.Epoch], wheels: Wheels) -> Iterator[str]:
    units: Counter[str] = Counter()
    for epoch in epochs:
        wheel = wheels.get(epoch.version or "")
        stock = {} if wheel is None else {one.name: one.stock for one in wheel.prizes}
        for turn in epoch.turns:
            place, most = f"spin {epoch.epoch}/{turn.number}", stock.get(turn.drawn)
            if most is not None and units[turn.drawn] >= most:
                if wheel is None or turn.given != wheel.consolation or turn.unit is not None:
                    yield f"{place} gave {turn.given}, but {turn.drawn} was gone"
                continue
            if turn.given != turn.drawn:
                yield f"{place} gave {turn.given}, but there was {turn.drawn} left"
                continue
            if most is not None:
                units[turn.drawn] += 1
                if turn.unit != units[turn.drawn]:
                    yield f"{place} is unit {units[turn.drawn]} of {turn.drawn}, not {turn.unit}"


def _chance(it: record.RaffleRecord, raffle: definition.Raffle) -> Iterator[str]:
    named, told = raffle.randomness, it.randomness
    if named is None and told is None:
        return
    if named is None or told is None:
        yield "it is named in one of two places only"
    elif (named.source, named.round) != (told.source, told.round):
        yield f"{told.source} {told.round} is not {named.source} {named.round}"
    elif it.seed is not None and not told.value:
        yield "its value is missing"


def _winners(
    it: record.RaffleRecord, frozen: record.Frozen, raffle: definition.Raffle, seed: bytes
) -> Iterator[str]:
    drawn = sampler.winners(
        seed,
        frozen.tickets,
        raffle.winners + raffle.alternates,
        draw=it.draw,
        definition=it.definition_sha256,
        randomness=(it.randomness.value or "") if it.randomness else "",
    )
    told = [one.ticket for one in it.places]
    for place, (right, said) in enumerate(itertools.zip_longest(drawn, told), 1):
        if right != said or it.places[place - 1].place != place:
            yield f"place {place} is {right or 'nobody'}, not {said or 'nobody'}"


def _prizes(it: record.RaffleRecord, raffle: definition.Raffle) -> Iterator[str]:
    """Prizes go down the places in order; one that was passed goes to the next alternate."""
    passed: list[str] = []
    for place, one in enumerate(it.places):
        prize = definition.prize_of(raffle, place)
        if prize is not None:
            right = prize.name
        elif passed:
            right = passed.pop(0)
        else:
            right = None
        if one.prize != right:
            yield f"place {place + 1} wins {right or 'nothing'}, not {one.prize or 'nothing'}"
        if one.passed and right is not None:
            passed.append(right)
