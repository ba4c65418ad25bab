"""Acts on profiles and terms: what members say and accept, and what the staff sets of them.

A field that is left out stays as it is; null forgets it.
"""

import enum
from types import EllipsisType
from typing import Annotated, Any

import strawberry

from api.graphql import context, permissions, profiles, refusals, scalars, shapes, staff
from wallet.campaigns import profiles as profile_verbs
from wallet.campaigns import terms

LEFT_OUT: Any = strawberry.UNSET


@strawberry.type(description="Outcome of changing a profile.")
class ProfilePayload:
    """The profile as it stands after it."""

    profile: profiles.Profile | None = strawberry.field(
        default=None, description="As it stands now; null if refused."
    )
    errors: list[refusals.Refusal] = shapes.refused()


@strawberry.type(description="Outcome of accepting terms.")
class TermsAcceptPayload:
    """Accepting again changes nothing, so it needs no key."""

    accepted: bool | None = strawberry.field(default=None, description="True; null if refused.")
    replayed: bool = strawberry.field(
        default=False, description="True if the member had accepted them before."
    )
    errors: list[refusals.Refusal] = shapes.refused()


@strawberry.input(description="What a member says of themselves.")
class ProfileUpdateInput:
    """Repeating it changes nothing, so it needs no key."""

    birth_date: scalars.LocalDate | None = strawberry.field(
        default=LEFT_OUT, description="The birth date; null forgets it."
    )
    language: profiles.Language | None = strawberry.field(
        default=LEFT_OUT, description="The language; null forgets it."
    )
    country: str | None = strawberry.field(
        default=LEFT_OUT,
        description="Where you live, in two capital letters such as PT; null forgets it.",
    )
    favourites_off: bool | None = strawberry.field(
        default=LEFT_OUT,
        description="True if no favourites may be guessed from the purchases; null leaves it.",
    )


@strawberry.input(description="Terms to accept.")
class TermsAcceptInput:
    """Only the member can accept them."""

    document_id: strawberry.ID = strawberry.field(description="Which terms, in which words.")


@strawberry.input(description="What the staff sets of a member.")
class MemberProfileSetInput:
    """Repeating it changes nothing, so it needs no key."""

    member_id: strawberry.ID = strawberry.field(description="Whose profile.")
    birth_date: scalars.LocalDate | None = strawberry.field(
        default=LEFT_OUT, description="The birth date; null forgets it."
    )
    tier: str | None = strawberry.field(default=LEFT_OUT, description="The tier; null for none.")
    country: str | None = strawberry.field(
        default=LEFT_OUT,
        description="Where the member lives, in two capital letters; null forgets it.",
    )
    reason: str = strawberry.field(description=staff.REASON)


@strawberry.type
class Mutation:
    """Root fields for members, and one for the operator."""

    @permissions.root(
        "Mutation.profileUpdate", "Change what is known of the member who asks; all is optional."
    )
    @refusals.answered(ProfilePayload)
    async def profile_update(
        self,
        info: context.Info,
        told: Annotated[
            ProfileUpdateInput, strawberry.argument(name="input", description="What to change.")
        ],
    ) -> ProfilePayload | None:
        """Logged as member.profile."""
        off = told.favourites_off
        changed = await profile_verbs.update(
            info.context.db,
            info.context.principal.principal_id,
            actor=context.actor(info),
            birth_date=_told(told.birth_date),
            language=_told(told.language),
            country=_told(told.country),
            favourites_off=off if isinstance(off, bool) else ...,
        )
        return ProfilePayload(profile=profiles.show(changed))

    @permissions.root("Mutation.termsAccept", "Accept terms, in the words of one language.")
    @refusals.answered(TermsAcceptPayload)
    async def terms_accept(
        self,
        info: context.Info,
        told: Annotated[
            TermsAcceptInput, strawberry.argument(name="input", description="Which terms.")
        ],
    ) -> TermsAcceptPayload | None:
        """The acceptance itself is the record."""
        replayed = await terms.accept(
            info.context.db,
            member_id=info.context.principal.principal_id,
            document_id=shapes.key("doc", told.document_id, path=("document_id",)),
        )
        return TermsAcceptPayload(accepted=True, replayed=replayed)

    @permissions.root(
        "Mutation.memberProfileSet", "Set the tier, the birth date or the country of a member."
    )
    @refusals.answered(ProfilePayload)
    async def member_profile_set(
        self,
        info: context.Info,
        told: Annotated[
            MemberProfileSetInput, strawberry.argument(name="input", description="Who, and why.")
        ],
    ) -> ProfilePayload | None:
        """Logged as member.profile."""
        changed = await profile_verbs.update(
            info.context.db,
            shapes.key("mem", told.member_id, path=("member_id",)),
            actor=context.actor(info),
            reason=told.reason,
            birth_date=_told(told.birth_date),
            tier=_told(told.tier),
            country=_told(told.country),
        )
        return ProfilePayload(profile=profiles.show(changed))


def _told(value: Any) -> Any | EllipsisType:
    if value is strawberry.UNSET:
        return ...
    return shapes.value(value) if isinstance(value, enum.Enum) else value
