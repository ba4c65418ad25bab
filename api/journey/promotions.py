"""The campaigns that the data's own chain ran: who got coupons for what, when, and who used them.

The tables say which households a campaign was sent to, which products each of its coupons covers,
and which coupons came back. They do not say what a coupon was worth, so `RATE_BPS` is ours. All
that the campaign's coupons cover, as far as a receipt of the year names it, is one condition; where
that is more than a condition may name, the campaign becomes parts that share no product.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import pyarrow.compute as pc
from pyarrow import parquet

from api.journey import coalition, keys, source, walk
from wallet.rules.campaigns import conditions

RATE_BPS: Final = 1_000
"""Ten per cent of what is covered: the data has no face values, so one believable rate for all."""
MERCHANT_BPS: Final = 8_000
"""The merchant of the shelf pays four fifths of it, the operator the rest."""
GROUP: Final = "offers"
"""A till takes one coupon for an item: of this group one campaign pays on a line."""
ORDER: Final = {"B": 0, "C": 1, "A": 2}
"""Who pays on a line that several cover: what was sent to few before what was sent to many."""


@dataclass(frozen=True, slots=True)
class Promotion:
    """One campaign of the data; days are of 2017's calendar, both included.

    `redeemers` are the households that used a coupon of it within the year, `redemptions` how many
    coupons they used.
    """

    number: int
    kind: str
    since: date
    until: date
    households: tuple[int, ...]
    products: tuple[str, ...]
    merchants: tuple[str, ...]
    redeemers: frozenset[int]
    redemptions: int

    @property
    def segment(self) -> str:
        """The name of the segment of its households."""
        return f"coupons-{self.number:02}"


@dataclass(frozen=True, slots=True)
class Part:
    """A campaign, or a part of one, as it is saved: `definition` is JSON."""

    promotion: Promotion
    key: uuid.UUID
    definition: dict[str, Any]


def read(year: source.Source, folder: Path | None = None) -> tuple[Promotion, ...]:
    """Read the campaigns of the data, by number, as far as they concern these households."""
    folder = folder or source.installed()
    described = parquet.read_table(folder / "campaign_descriptions.parquet")
    sent = _by_campaign(folder / "campaigns.parquet", "household_id")
    covered = _by_campaign(folder / "coupons.parquet", "product_id")
    used = _by_campaign(folder / "coupon_redemptions.parquet", "household_id")
    here = set(year.households())
    # A product that nobody bought all year changes nothing, and there are many.
    sold = {
        year.products[place].number: year.products[place].shelf.merchant
        for place in pc.unique(year.rows["product"]).to_pylist()
    }
    found = []
    for number, kind, since, until in source.rows_of(described, *_DESCRIPTION):
        products = sorted(str(one) for one in set(covered.get(number, ())) if str(one) in sold)
        redeemed = [one for one in used.get(number, ()) if one in here]
        found.append(
            Promotion(
                number=number,
                kind=kind.removeprefix("Type "),
                since=since.date(),
                until=until.date(),
                households=tuple(sorted(set(sent.get(number, ())) & here)),
                products=tuple(products),
                merchants=tuple(sorted({sold[one] for one in products})),
                redeemers=frozenset(redeemed),
                redemptions=len(redeemed),
            )
        )
    return tuple(sorted(found, key=lambda one: one.number))


def parts(promotions: Iterable[Promotion], shift_days: int = 0) -> tuple[Part, ...]:
    """Write campaigns as definitions, moved by the calendar; one without goods or people is none.

    They are saved and published in this order.
    """
    return tuple(
        part
        for promotion in promotions
        if promotion.products and promotion.households
        for part in _parts(promotion, timedelta(days=shift_days))
    )


def _parts(promotion: Promotion, shift: timedelta) -> list[Part]:
    products = promotion.products
    count = -(-len(products) // conditions.PRODUCTS_MAX)
    size = -(-len(products) // count)
    made = []
    for place in range(count):
        name = f"Coupons {promotion.number} (type {promotion.kind})"
        if count > 1:
            name += f", part {place + 1} of {count}"
        definition = _definition(
            promotion, name, products[place * size : (place + 1) * size], shift, place
        )
        key = keys.named("promotion", f"{promotion.number}/{place}")
        made.append(Part(promotion, key, definition))
    return made


def _definition(
    promotion: Promotion, name: str, products: tuple[str, ...], shift: timedelta, place: int
) -> dict[str, Any]:
    ends_on = promotion.until + shift + timedelta(days=1)
    rate = RATE_BPS // 100
    return {
        "name": name,
        "asset": coalition.ASSET,
        "starts_at": walk.midnight(promotion.since + shift).isoformat(),
        "ends_at": walk.midnight(ends_on).isoformat(),
        "merchants": [str(coalition.merchant_id(slug)) for slug in promotion.merchants],
        "when": [{"if": "segment", "any_of": [promotion.segment]}],
        "lines": [{"if": "product", "any_of": list(products)}],
        "give": {"give": "rate", "bps": RATE_BPS},
        "stack": {
            "group": GROUP,
            # Campaigns of one type stand by their numbers; parts of one meet on no line.
            "priority": ORDER[promotion.kind] * 1_000 + promotion.number * 10 + place,
        },
        "funding": [
            {"funder": "merchant", "bps": MERCHANT_BPS},
            {"funder": "operator", "bps": 10_000 - MERCHANT_BPS},
        ],
        "terms": {"text": {"en": f"{rate} % back on what the coupons of your letter name."}},
    }


def _by_campaign(path: Path, column: str) -> dict[int, list[int]]:
    table = parquet.read_table(path, columns=["campaign_id", column])
    found: dict[int, list[int]] = {}
    for number, value in source.rows_of(table, "campaign_id", column):
        found.setdefault(number, []).append(value)
    return found


_DESCRIPTION: Final = ("campaign_id", "campaign_type", "start_date", "end_date")
