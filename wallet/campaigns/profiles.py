"""Profiles: what campaigns may know of a member besides the purchases; all of it may be missing.

A fact that is not named is left as it is, and None forgets it.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime
from types import EllipsisType
from typing import Final
from uuid import UUID

from wallet import audit, errors, members, programme
from wallet.database import Database
from wallet.rules import local, text

LANGUAGES: Final = ("en", "pt", "es")
AGE_MAX: Final = 130
"""Nobody has become older; a birth date further back is a typing error."""
TIER_CHARS_MAX: Final = 64
COUNTRY: Final = re.compile("[A-Z]{2}")

_UPSERT: Final = (
    "insert into coalition.profile as p"
    " (member_id, birth_date, language, tier, favourites_off, updated_at, country)"
    " values ($1, $2, $3, $4, coalesce($5, false), $6, $10) on conflict (member_id) do update set"
    " birth_date = case when $7 then excluded.birth_date else p.birth_date end,"
    " language = case when $8 then excluded.language else p.language end,"
    " tier = case when $9 then excluded.tier else p.tier end,"
    " country = case when $11 then excluded.country else p.country end,"
    " favourites_off = coalesce($5, p.favourites_off), updated_at = excluded.updated_at"
)


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known of a member; `favourites_off` if no favourites may be guessed.

    `country` is where they live, in the two letters of ISO 3166.
    """

    birth_date: date | None = None
    language: str | None = None
    tier: str | None = None
    favourites_off: bool = False
    country: str | None = None


async def update(
    db: Database,
    member_id: UUID,
    *,
    actor: audit.Actor,
    reason: str | None = None,
    birth_date: date | EllipsisType | None = ...,
    language: str | EllipsisType | None = ...,
    tier: str | EllipsisType | None = ...,
    favourites_off: bool | EllipsisType = ...,
    country: str | EllipsisType | None = ...,
    now: datetime | None = None,
) -> Profile:
    """Change what is named. PROFILE_INVALID for what cannot be true of a person.

    A person of the staff gives a reason; None is for the member.
    """
    if reason is not None:
        audit.check_reason(reason)
    await members.find(db, member_id)
    at: datetime = await db.fetchval("select coalesce($1::timestamptz, clock_timestamp())", now)
    if isinstance(birth_date, date):
        _check_birth(birth_date, local.day(at, (await programme.of(db)).time_zone))
    if isinstance(language, str) and language not in LANGUAGES:
        raise errors.ProfileInvalid(
            f"A language is one of {', '.join(LANGUAGES)}. Correct it.", path=("language",)
        )
    if isinstance(tier, str):
        text.check(tier, "tier", chars_max=TIER_CHARS_MAX)
        if tier != tier.strip():
            raise errors.ProfileInvalid("A tier has no spaces around it.", path=("tier",))
    if isinstance(country, str) and not COUNTRY.fullmatch(country):
        raise errors.ProfileInvalid(
            "A country is two capital letters, such as PT. Correct it.", path=("country",)
        )
    await db.execute(
        _UPSERT,
        member_id,
        None if birth_date is ... else birth_date,
        None if language is ... else language,
        None if tier is ... else tier,
        None if favourites_off is ... else favourites_off,
        at,
        birth_date is not ...,
        language is not ...,
        tier is not ...,
        None if country is ... else country,
        country is not ...,
    )
    told = {
        "birth_date": birth_date,
        "language": language,
        "tier": tier,
        "favourites_off": favourites_off,
        "country": country,
    }
    # The log says which facts were changed, not what they are: it is read by more people.
    changed = [name for name, value in told.items() if value is not ...]
    await audit.write(
        db,
        actor=actor,
        act="member.profile",
        subject=member_id,
        reason=reason,
        detail={"changed": ", ".join(changed)},
    )
    return await of(db, member_id)


async def of(db: Database, member_id: UUID) -> Profile:
    """What is known of a member; an empty profile if nothing is."""
    row = await db.fetchrow(
        "select birth_date, language, tier, favourites_off, country from coalition.profile"
        " where member_id = $1",
        member_id,
    )
    return Profile() if row is None else Profile(**dict(row))


def _check_birth(birth_date: date, today: date) -> None:
    if birth_date > today:
        raise errors.ProfileInvalid(
            "This birth date lies in the future. Correct it.", path=("birth_date",)
        )
    if today.year - birth_date.year > AGE_MAX:
        raise errors.ProfileInvalid(
            f"Nobody is older than {AGE_MAX} years. Correct the birth date.", path=("birth_date",)
        )
