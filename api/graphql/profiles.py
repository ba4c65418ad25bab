"""Profiles as GraphQL: what campaigns may know of a member besides the purchases."""

import enum

import strawberry

from api.graphql import scalars
from wallet.campaigns import profiles as profile_facts


@strawberry.enum(description="A language that members may be written to in.")
class Language(enum.Enum):
    """As profiles.LANGUAGES; a test compares both."""

    EN = strawberry.enum_value("en", description="English.")
    ES = strawberry.enum_value("es", description="Spanish.")
    PT = strawberry.enum_value("pt", description="Portuguese.")


@strawberry.type(description="What campaigns may know of a member besides the purchases.")
class Profile:
    """Shown to the member and to support."""

    birth_date: scalars.LocalDate | None = strawberry.field(
        description="The birth date; null if it is not known."
    )
    language: Language | None = strawberry.field(
        description="The language; null if the member chose none."
    )
    tier: str | None = strawberry.field(description="The tier; null for none.")
    country: str | None = strawberry.field(
        description="Where the member lives, in two letters (ISO 3166); null if it is not known."
    )
    favourites_off: bool = strawberry.field(
        description="True if no favourites may be guessed from the purchases."
    )


def show(row: profile_facts.Profile) -> Profile:
    """Return a profile as GraphQL."""
    return Profile(
        birth_date=scalars.day(row.birth_date),
        language=None if row.language is None else Language(row.language),
        tier=row.tier,
        country=row.country,
        favourites_off=row.favourites_off,
    )
