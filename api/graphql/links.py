"""Links as GraphQL: the accounts at shops that a member has connected, and how an app begins one.

An app begins with an address that it opens in the system's browser; all the rest happens there,
between the member, the shop and our pages. No token of a shop is ever part of an answer.
"""

import datetime
import enum
import uuid
from typing import Annotated, Final

import strawberry

from api.graphql import context, permissions, refusals, scalars, shapes
from api.identity import stepup
from api.oauth import redirects
from api.signin import linking
from partners.links import links, servers
from wallet import errors, ids

_REDIRECTS: Final = "select redirect_uris from identity.client where client_id = $1"
_NOW: Final = "select clock_timestamp()"
NOT_REGISTERED: Final = (
    "The last page can lead back to an address that this app is registered with, and to no other."
)


@strawberry.enum(description="Whether a link can be used.")
class PartnerLinkStatus(enum.Enum):
    """As partner.link.status, without what was never confirmed."""

    ACTIVE = strawberry.enum_value("active", description="It works.")
    REAUTH_REQUIRED = strawberry.enum_value(
        "reauth_required",
        description="The shop does not accept us any more: let the member connect it again.",
    )
    UNLINKED = strawberry.enum_value("unlinked", description="It was disconnected.")


@strawberry.type(description="A member's account at a partner, connected by the member.")
class PartnerLink(shapes.Node):
    """Loaded by its member or by support."""

    partner_id: strawberry.ID = strawberry.field(description="Which partner.")
    partner_name: str = strawberry.field(description="Its name.")
    account: str = strawberry.field(description="What the partner calls the account.")
    status: PartnerLinkStatus = strawberry.field(description="Whether it can be used.")
    linked_at: scalars.DateTime = strawberry.field(description="When the member confirmed it.")
    key: strawberry.Private[uuid.UUID]


@strawberry.type
class Linked:
    """What a member has connected; part of `Member`."""

    key: strawberry.Private[uuid.UUID]

    @shapes.paged("links", "Accounts at shops that are connected, newest first.")
    async def links_page(
        self,
        info: context.Info,
        first: shapes.First = shapes.FIRST_DEFAULT,
        after: shapes.After = None,
    ) -> shapes.Connection[PartnerLink] | None:
        """One round trip."""
        shapes.first_of(first)
        rows = await links.of(
            info.context.page,
            self.key,
            first=first + 1,
            before=shapes.place_of(after, datetime.datetime),
        )
        return shapes.page(
            [show(row) for row in rows],
            first=first,
            after=after,
            cursor=lambda row: scalars.cursor(row.linked_at, row.key),
        )


@strawberry.type(description="Outcome of beginning to connect a shop.")
class PartnerLinkBeginPayload:
    """Nothing is connected yet."""

    url: str | None = strawberry.field(
        default=None,
        description="Open it in the system's browser. It works once, for this member, for ten"
        " minutes; null if refused.",
    )
    errors: list[refusals.Refusal] = shapes.refused()


@strawberry.type(description="Outcome of disconnecting a shop.")
class PartnerUnlinkPayload:
    """Repeating it changes nothing."""

    link: PartnerLink | None = strawberry.field(
        default=None, description="The link as it stands; null if refused."
    )
    replayed: bool = strawberry.field(
        default=False, description="True if it had been disconnected before."
    )
    errors: list[refusals.Refusal] = shapes.refused()


@strawberry.input(description="Which shop to connect.")
class PartnerLinkBeginInput:
    """Each call makes a new address, so it needs no key."""

    partner_id: strawberry.ID = strawberry.field(description="Which partner.")
    return_to: str | None = strawberry.field(
        default=None,
        description="Where the last page leads back to: one of the redirect addresses that this"
        " app is registered with. It comes with `link`, the id of the link.",
    )


@strawberry.input(description="Which shop to disconnect.")
class PartnerUnlinkInput:
    """Repeating it changes nothing, so it needs no key."""

    link_id: strawberry.ID = strawberry.field(description="Which link.")


@strawberry.type
class Mutation:
    """Root fields for members."""

    @permissions.root(
        "Mutation.partnerLinkBegin",
        "Begin to connect an account at a shop. It needs a sign-in of the last five minutes.",
    )
    @refusals.answered(PartnerLinkBeginPayload)
    async def partner_link_begin(
        self,
        info: context.Info,
        told: Annotated[
            PartnerLinkBeginInput, strawberry.argument(name="input", description="Which shop.")
        ],
    ) -> PartnerLinkBeginPayload | None:
        """Makes a ticket; the attempt itself begins in the browser."""
        db, principal = info.context.db, info.context.principal
        partner_id = shapes.key("par", told.partner_id, path=("partner_id",))
        stepup.check(
            principal.authenticated_at,
            now=await db.fetchval(_NOW),
            signs=("linking",),
            path=("partner_id",),
        )
        slug = await servers.linkable(db, partner_id)
        if told.return_to is not None:
            registered = await db.fetchval(_REDIRECTS, principal.client_id) or []
            if not redirects.matches(told.return_to, registered):
                raise errors.ClientInvalid(NOT_REGISTERED, path=("return_to",))
        url = await linking.ticket(
            db,
            info.context.origin,
            member_id=principal.principal_id,
            slug=slug,
            return_to=told.return_to,
        )
        return PartnerLinkBeginPayload(url=url)

    @permissions.root(
        "Mutation.partnerUnlink",
        "Disconnect an account at a shop. It works at once; the shop is told soon after.",
    )
    @refusals.answered(PartnerUnlinkPayload)
    async def partner_unlink(
        self,
        info: context.Info,
        told: Annotated[
            PartnerUnlinkInput, strawberry.argument(name="input", description="Which link.")
        ],
    ) -> PartnerUnlinkPayload | None:
        """Logged as link.end."""
        ended = await links.unlink(
            info.context.db,
            info.context.principal.principal_id,
            shapes.key("lnk", told.link_id, path=("link_id",)),
        )
        return PartnerUnlinkPayload(link=show(ended.link), replayed=ended.replayed)


def show(link: links.Link) -> PartnerLink:
    """Return a link as GraphQL."""
    return PartnerLink(
        id=strawberry.ID(ids.show("lnk", link.link_id)),
        partner_id=strawberry.ID(ids.show("par", link.partner_id)),
        partner_name=link.partner,
        account=link.account,
        status=PartnerLinkStatus(link.status),
        linked_at=scalars.DateTime(link.confirmed_at),
        key=link.link_id,
    )


async def node(info: context.Info, link_id: uuid.UUID) -> PartnerLink | None:
    """Return a link if it is the caller's own, or if the caller is of support."""
    found = await links.find(info.context.page, link_id)
    principal = info.context.principal
    own = principal.kind == "member" and principal.principal_id == found.member_id
    if own or "support:read" in info.context.scopes:
        return show(found)
    return None
