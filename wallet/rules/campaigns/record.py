"""What a decision was made of, as a document: kept beside it, and read back to decide it again.

It names the versions and the programme's rules that were in force, and holds every fact about the
member, the place and the budgets that the rules were given. No name, address or date of birth is
among them.
"""

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from wallet.rules.campaigns import facts, programme


@dataclass(frozen=True, slots=True)
class Record:
    """Everything but the purchase and the contract that a decision of campaigns is made of."""

    versions: tuple[uuid.UUID, ...]
    rules: programme.Rules
    place: facts.Place
    member: facts.Member | None
    room: facts.Room


def dump(record: Record) -> dict[str, Any]:
    """Write a record as plain JSON values."""
    return {
        "versions": [str(one) for one in record.versions],
        "rules": {
            "groups": [[one.name, one.mode] for one in record.rules.groups],
            "purchase_cap_minor": record.rules.purchase_cap_minor,
        },
        "place": {
            "merchant": str(record.place.merchant_id),
            "operator": str(record.place.operator_id),
            "zone": record.place.zone,
            "certified": sorted([*pair] for pair in record.place.certified),
            "names": {str(key): name for key, name in record.place.names.items()},
        },
        "member": None if record.member is None else _member(record.member),
        "room": [[kind, str(of), asset, left] for (kind, of, asset), left in record.room.items()],
    }


def load(raw: dict[str, Any]) -> Record:
    """Read what `dump` wrote."""
    place = raw["place"]
    return Record(
        versions=tuple(uuid.UUID(one) for one in raw["versions"]),
        rules=programme.Rules(
            tuple(programme.Group(name, mode) for name, mode in raw["rules"]["groups"]),
            raw["rules"]["purchase_cap_minor"],
        ),
        place=facts.Place(
            uuid.UUID(place["merchant"]),
            uuid.UUID(place["operator"]),
            place["zone"],
            frozenset((label, product) for label, product in place["certified"]),
            {uuid.UUID(key): name for key, name in place["names"].items()},
        ),
        member=None if raw["member"] is None else _read_member(raw["member"]),
        room={(kind, uuid.UUID(of), asset): left for kind, of, asset, left in raw["room"]},
    )


def _member(one: facts.Member) -> dict[str, Any]:
    return {
        "joined_days": one.joined_days,
        "birthday_known": one.birthday_known,
        "birthday_days": one.birthday_days,
        "segments": sorted(one.segments),
        "tier": one.tier,
        "tiers": {str(key): tier for key, tier in one.tiers.items()},
        "memberships": sorted(str(key) for key in one.memberships),
        "favourites": list(one.favourites),
        "offers": {
            str(key): {category: [offer.bps, offer.reason] for category, offer in mine.items()}
            for key, mine in one.offers.items()
        },
        "accepted": sorted(str(key) for key in one.accepted),
        "coupons": {name: str(key) for name, key in one.coupons.items()},
        "arms": {str(key): arm for key, arm in one.arms.items()},
        "measures": [
            [
                None if asked.merchants is None else sorted(str(key) for key in asked.merchants),
                None if asked.since is None else asked.since.isoformat(),
                asked.before,
                answer.purchases,
                answer.kept_minor,
            ]
            for asked, answer in one.measures.items()
        ],
        "usage": {
            str(key): [[use.day.isoformat(), use.granted_minor, use.times] for use in used]
            for key, used in one.usage.items()
        },
    }


def _read_member(raw: dict[str, Any]) -> facts.Member:
    return facts.Member(
        joined_days=raw["joined_days"],
        birthday_known=raw["birthday_known"],
        birthday_days=raw["birthday_days"],
        segments=frozenset(raw["segments"]),
        tier=raw["tier"],
        # What was decided before there were ladders knows of none.
        tiers={uuid.UUID(key): tier for key, tier in raw.get("tiers", {}).items()},
        memberships=frozenset(uuid.UUID(key) for key in raw.get("memberships", ())),
        favourites=tuple(raw["favourites"]),
        offers={
            uuid.UUID(key): {
                category: facts.Offer(bps, reason) for category, (bps, reason) in mine.items()
            }
            for key, mine in raw["offers"].items()
        },
        accepted=frozenset(uuid.UUID(key) for key in raw["accepted"]),
        coupons={name: uuid.UUID(key) for name, key in raw["coupons"].items()},
        arms={uuid.UUID(key): arm for key, arm in raw["arms"].items()},
        measures={
            facts.Measure(
                None if merchants is None else frozenset(uuid.UUID(key) for key in merchants),
                None if since is None else datetime.fromisoformat(since),
                before,
            ): facts.Measured(purchases, kept_minor)
            for merchants, since, before, purchases, kept_minor in raw["measures"]
        },
        usage={
            uuid.UUID(key): tuple(
                facts.Used(date.fromisoformat(day), granted_minor, times)
                for day, granted_minor, times in used
            )
            for key, used in raw["usage"].items()
        },
    )
