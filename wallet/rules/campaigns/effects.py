"""What each effect would give on the lines that count, before any limit: the arithmetic.

One rounding for each line by the campaign's own direction, or one for the purchase and an exact
split over its lines, where the effect speaks of the purchase as a whole.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from wallet import money
from wallet.rules import contracts
from wallet.rules.campaigns import basket as baskets
from wallet.rules.campaigns import definition as d
from wallet.rules.campaigns import facts

MILLI: Final = 1000


class Wish(NamedTuple):
    """What an effect would give on a line; `bps` where it is a rate.

    `less_minor` is what the contract gives there already, of a campaign that only tops it up.
    """

    line: baskets.Line
    minor: int
    bps: int | None = None
    less_minor: int = 0


def wishes(
    version: facts.Version,
    basket: baskets.Basket,
    lines: Sequence[baskets.Line],
    targets: Mapping[tuple[str, str, int], int],
) -> list[Wish]:
    """Say what a campaign would give on each line.

    `targets` is what groups of campaigns gave so far, by (group, asset, line number), for those
    that multiply it. Effects that are no money give no wishes.
    """
    definition = version.definition
    match definition.give:
        case d.Rate(bps=bps):
            found = [_rated(line, bps, definition.rounding) for line in lines]
        case d.Amount() | d.Donation():
            found = _amounts(definition.give, lines)
        case d.Points(units=units, per_minor=per_minor):
            base_minor = sum(line.base_minor for line in lines)
            points = money.divide(base_minor * units, per_minor, money.Rounding.DOWN)
            found = _shared(points, lines)
        case d.Multiplier(times_milli=times, of=of):
            found = [
                Wish(line, _more(_target(of, line, definition, targets), times, definition))
                for line in lines
            ]
        case d.Personal(bps_max=most):
            found = _personal(most, version, basket, lines)
        case _:
            return []
    if definition.stack.tops_up:
        return [_topping(one) for one in found]
    return found


def _topping(wish: Wish) -> Wish:
    less_minor = min(wish.minor, wish.line.contract_minor)
    return Wish(wish.line, wish.minor - less_minor, wish.bps, less_minor)


def _rated(line: baskets.Line, bps: int, rounding: money.Rounding) -> Wish:
    return Wish(line, money.divide(line.base_minor * bps, contracts.BPS, rounding), bps)


def _amounts(effect: d.Amount | d.Donation, lines: Sequence[baskets.Line]) -> list[Wish]:
    if effect.per == "purchase":
        return _shared(effect.minor, lines)
    # A half unit of something sold by weight earns no half gift.
    return [Wish(line, effect.minor * (line.quantity_milli // MILLI)) for line in lines]


def _shared(total_minor: int, lines: Sequence[baskets.Line]) -> list[Wish]:
    parts = money.split(total_minor, [line.base_minor for line in lines])
    return [Wish(line, part) for line, part in zip(lines, parts, strict=True)]


def _more(target_minor: int, times_milli: int, definition: d.Definition) -> int:
    return money.divide(target_minor * (times_milli - MILLI), MILLI, definition.rounding)


def _target(
    of: str,
    line: baskets.Line,
    definition: d.Definition,
    targets: Mapping[tuple[str, str, int], int],
) -> int:
    if of == "contract":
        return line.contract_minor
    return targets.get((of, definition.asset, line.number), 0)


def _personal(
    bps_max: int,
    version: facts.Version,
    basket: baskets.Basket,
    lines: Sequence[baskets.Line],
) -> list[Wish]:
    if basket.member is None:
        return []
    offers = basket.member.offers.get(version.campaign_id, {})
    found = []
    for line in lines:
        offer = offers.get(line.category)
        if offer is not None and offer.bps > 0:
            found.append(_rated(line, min(offer.bps, bps_max), version.definition.rounding))
    return found
