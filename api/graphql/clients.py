"""What the operator may do about merchants' clients: register, rotate, suspend, reinstate, look.

A secret is in one answer only, that of the request which made it. A repetition of that request can
not show it again, because only its hash is kept; it says so and what to do.
"""

import datetime
import enum
from typing import Annotated, Final, TypeAlias

import orjson
import strawberry

from api.graphql import context, cost, merchants, permissions, refusals, scalars, shapes, staff
from api.identity import clients, registration, rotation
from wallet import errors, ids
from wallet import merchants as merchant_verbs

SHOWN_ONCE: Final = (
    "The secret was in the answer to the first request with this key, and nowhere is it kept."
    " If that answer was lost, rotate to get a new one."
)
KEEP: Final = "Keep the secret now: it is shown this once."
JWKS_CHARS_MAX: Final = registration.JWKS_BYTES_MAX

ClientError: TypeAlias = Annotated[
    refusals.IdempotencyKeyReused | refusals.Refusal,
    strawberry.union("ClientError", description="Why an act about a client was refused."),
]


@strawberry.enum(description="How a merchant's client proves itself when it asks for a token.")
class ClientAuthMethod(enum.Enum):
    """As registration.AUTH_METHODS of a merchant and of a store; a test compares both."""

    CLIENT_SECRET_BASIC = strawberry.enum_value(
        "client_secret_basic", description="A secret, in the Authorization header."
    )
    CLIENT_SECRET_POST = strawberry.enum_value(
        "client_secret_post", description="A secret, in the form."
    )
    PRIVATE_KEY_JWT = strawberry.enum_value(
        "private_key_jwt", description="A token signed with a key that never leaves the merchant."
    )
    APP_TOKEN = strawberry.enum_value(
        "app_token", description="A store's AppToken, shown at the gift-card door alone."
    )


@strawberry.enum(description="Whether a client may ask for tokens and use them.")
class ClientStatus(enum.Enum):
    """As identity.client.status."""

    ACTIVE = strawberry.enum_value("active", description="May ask for tokens.")
    SUSPENDED = strawberry.enum_value(
        "suspended", description="Gets no token, and those that it has open nothing."
    )


@strawberry.type(description="A live secret of a client; its text is kept nowhere.")
class ClientSecret:
    """As rotation.Secret."""

    created_at: scalars.DateTime = strawberry.field(description="When it was made.")
    expires_at: scalars.DateTime | None = strawberry.field(
        description="When it ends; null while it is the newest."
    )
    last_used_at: scalars.DateTime | None = strawberry.field(
        description="When it last opened the door, to the minute; null if never."
    )


@strawberry.type(
    description="A program of a merchant: it asks for tokens, or it is a web shop's store."
)
class MerchantClient:
    """Shown to the operator only."""

    client_id: strawberry.ID = strawberry.field(description="Its `client_id` in OAuth.")
    name: str = strawberry.field(description="What the operator calls it.")
    merchant: merchants.Merchant = strawberry.field(description="For whom it acts, always.")
    auth_method: ClientAuthMethod = strawberry.field(description="How it proves itself.")
    scopes: list[str] = strawberry.field(
        description="What it may ask for, sorted; at most all scopes."
    )
    key_ids: list[str] = strawberry.field(
        description="The `kid` of each of its public keys; at most 8."
    )
    rate_per_minute: int | None = strawberry.field(
        description="Its own limit in points a minute; null for that of every caller."
    )
    status: ClientStatus = strawberry.field(description="Whether it may come in.")
    created_at: scalars.DateTime = strawberry.field(description="When it was registered.")
    last_used_at: scalars.DateTime | None = strawberry.field(
        description="When it was last here, to the minute; null if never."
    )
    secrets: list[ClientSecret] = strawberry.field(
        description="Its live secrets, the oldest first; at most two.",
        directives=[cost.ListSize(assumed_size=2)],
    )


@strawberry.type(description="Outcome of an act about a client.")
class MerchantClientPayload:
    """The client as it stands after it."""

    client: MerchantClient | None = strawberry.field(
        default=None, description="As it stands now; null if refused."
    )
    secret: str | None = strawberry.field(
        default=None, description="The new secret, this once; null if none was made."
    )
    message: str | None = strawberry.field(
        default=None, description="What to do about the secret; null if there is nothing to do."
    )
    replayed: bool = strawberry.field(default=False, description=staff.REPLAYED)
    errors: list[ClientError] = shapes.refused()


@strawberry.input(description="A new client of a merchant.")
class MerchantClientRegisterInput:
    """It acts for that merchant and for no other."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    merchant_id: strawberry.ID = strawberry.field(description="Whose program it is.")
    name: str = strawberry.field(description="What to call it, such as `Rosa: tills`.")
    scopes: list[str] = strawberry.field(
        description="What it may ask for, such as `purchases:report`; give no more than it needs."
    )
    auth_method: ClientAuthMethod = strawberry.field(
        default=ClientAuthMethod.CLIENT_SECRET_BASIC, description="How it proves itself."
    )
    jwks: str | None = strawberry.field(
        default=None, description="Its public keys as the JSON of a JWKS, for PRIVATE_KEY_JWT."
    )
    rate_per_minute: int | None = strawberry.field(
        default=None, description="Its own limit in points a minute."
    )
    reason: str = strawberry.field(description=staff.REASON)


@strawberry.input(description="A new store of a merchant at the gift-card door.")
class GiftCardStoreRegisterInput:
    """It asks for that merchant and for no other."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    merchant_id: strawberry.ID = strawberry.field(description="Whose store it is.")
    name: str = strawberry.field(description="What to call it, such as `Rosa: web shop`.")
    rate_per_minute: int | None = strawberry.field(
        default=None, description="Its own limit in points a minute; a request costs 10."
    )
    reason: str = strawberry.field(description=staff.REASON)


@strawberry.input(description="A new secret for a client.")
class MerchantClientRotateInput:
    """The old secret goes on for a while, so that the merchant can move over."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    client_id: strawberry.ID = strawberry.field(description="Which client.")
    overlap_hours: int = strawberry.field(
        default=24, description="How long the old one still works; 0 if it leaked."
    )
    reason: str = strawberry.field(description=staff.REASON)


@strawberry.input(description="A change of whether a client may come in.")
class MerchantClientStatusInput:
    """Repeating it changes nothing, so it needs no key."""

    client_id: strawberry.ID = strawberry.field(description="Which client.")
    reason: str = strawberry.field(description=staff.REASON)


@strawberry.type
class Query:
    """Root fields for the operator."""

    @permissions.root(
        "Query.merchantClients",
        "The clients of a merchant, suspended ones too; none for a merchant that is not there.",
        cost.ListSize(assumed_size=10),
    )
    async def merchant_clients(
        self,
        info: context.Info,
        merchant_id: Annotated[strawberry.ID, strawberry.argument(description="Which merchant.")],
    ) -> list[MerchantClient] | None:
        """At most clients.LIST_MAX."""
        try:
            found = await clients.list_of(info.context.db, ids.parse("mer", merchant_id))
        except ValueError:
            return []
        return await _show(info, found)


@strawberry.type
class Mutation:
    """Root fields for the operator."""

    @permissions.root(
        "Mutation.merchantClientRegister",
        "Register a program of a merchant; its secret is in this answer only.",
    )
    @refusals.answered(MerchantClientPayload)
    async def merchant_client_register(
        self,
        info: context.Info,
        told: Annotated[
            MerchantClientRegisterInput,
            strawberry.argument(name="input", description="The client."),
        ],
    ) -> MerchantClientPayload | None:
        """Logged as client.register."""
        given = await clients.register(
            info.context.db,
            key=context.request(info, "merchantClientRegister", told.idempotency_key),
            kind="merchant",
            name=told.name,
            scopes=told.scopes,
            merchant_id=shapes.key("mer", told.merchant_id, path=("merchant_id",)),
            auth_method=shapes.value(told.auth_method),
            jwks=_jwks(told.jwks),
            rate_per_minute=told.rate_per_minute,
            actor=context.actor(info),
            reason=told.reason,
        )
        return await _given(info, given)

    @permissions.root(
        "Mutation.giftCardStoreRegister",
        "Register a store at the gift-card door: its client id is the AppKey, its secret, in this"
        " answer only, the AppToken. Rotate and suspend it as any client.",
    )
    @refusals.answered(MerchantClientPayload)
    async def gift_card_store_register(
        self,
        info: context.Info,
        told: Annotated[
            GiftCardStoreRegisterInput, strawberry.argument(name="input", description="The store.")
        ],
    ) -> MerchantClientPayload | None:
        """Logged as client.register."""
        given = await clients.register(
            info.context.db,
            key=context.request(info, "giftCardStoreRegister", told.idempotency_key),
            kind="store",
            name=told.name,
            merchant_id=shapes.key("mer", told.merchant_id, path=("merchant_id",)),
            rate_per_minute=told.rate_per_minute,
            actor=context.actor(info),
            reason=told.reason,
        )
        return await _given(info, given)

    @permissions.root(
        "Mutation.merchantClientRotate",
        "Make a new secret for a client; it is in this answer only.",
    )
    @refusals.answered(MerchantClientPayload)
    async def merchant_client_rotate(
        self,
        info: context.Info,
        told: Annotated[
            MerchantClientRotateInput,
            strawberry.argument(name="input", description="Which client, and how."),
        ],
    ) -> MerchantClientPayload | None:
        """Logged as client.secret.add."""
        client = await _merchants(info, told.client_id)
        given = await rotation.secret_add(
            info.context.db,
            client.client_id,
            secret_id=context.request(info, "merchantClientRotate", told.idempotency_key),
            overlap=datetime.timedelta(hours=told.overlap_hours),
            actor=context.actor(info),
            reason=told.reason,
        )
        return await _given(info, given)

    @permissions.root(
        "Mutation.merchantClientSuspend",
        "Close a client's doors, and those of every token that it has.",
    )
    @refusals.answered(MerchantClientPayload)
    async def merchant_client_suspend(
        self,
        info: context.Info,
        told: Annotated[
            MerchantClientStatusInput, strawberry.argument(name="input", description="Which, why.")
        ],
    ) -> MerchantClientPayload | None:
        """Logged as client.suspended."""
        client = await _merchants(info, told.client_id)
        changed = await clients.suspend(
            info.context.db, client.client_id, actor=context.actor(info), reason=told.reason
        )
        return MerchantClientPayload(client=(await _show(info, [changed]))[0])

    @permissions.root("Mutation.merchantClientReinstate", "Let a suspended client in again.")
    @refusals.answered(MerchantClientPayload)
    async def merchant_client_reinstate(
        self,
        info: context.Info,
        told: Annotated[
            MerchantClientStatusInput, strawberry.argument(name="input", description="Which, why.")
        ],
    ) -> MerchantClientPayload | None:
        """Logged as client.active."""
        client = await _merchants(info, told.client_id)
        changed = await clients.reinstate(
            info.context.db, client.client_id, actor=context.actor(info), reason=told.reason
        )
        return MerchantClientPayload(client=(await _show(info, [changed]))[0])


async def _merchants(info: context.Info, client_id: str) -> clients.Client:
    """Return a merchant's client; other kinds are not the business of these fields."""
    client = await clients.known(info.context.db, client_id)
    if client.kind not in clients.OF_MERCHANTS:
        raise errors.NotFound(path=("client_id",))
    return client


def _jwks(told: str | None) -> object:
    if told is None:
        return None
    try:
        return orjson.loads(told[: JWKS_CHARS_MAX + 1])
    except orjson.JSONDecodeError:
        raise errors.ClientInvalid("This is not the JSON of a JWKS.", path=("jwks",)) from None


async def _given(info: context.Info, given: clients.Given) -> MerchantClientPayload:
    (shown,) = await _show(info, [given.client])
    message = KEEP if given.secret is not None else None
    if given.replayed and given.client.auth_method in registration.WITH_SECRET:
        message = SHOWN_ONCE
    return MerchantClientPayload(
        client=shown, secret=given.secret, message=message, replayed=given.replayed
    )


async def _show(info: context.Info, found: list[clients.Client]) -> list[MerchantClient]:
    """Return merchants' clients as GraphQL, with two look-ups for all of them."""
    db = info.context.db
    live = await rotation.secrets_of(db, [one.client_id for one in found])
    owners = await merchant_verbs.find_many(
        db, list({one.merchant_id for one in found if one.merchant_id is not None})
    )
    shown = []
    for one in found:
        assert one.merchant_id is not None
        shown.append(
            MerchantClient(
                client_id=strawberry.ID(one.client_id),
                name=one.name,
                merchant=merchants.show(owners[one.merchant_id]),
                auth_method=ClientAuthMethod(one.auth_method),
                scopes=sorted(one.scopes),
                key_ids=[key["kid"] for key in (one.jwks or {"keys": []})["keys"]],
                rate_per_minute=one.rate_per_minute,
                status=ClientStatus(one.status),
                created_at=scalars.DateTime(one.created_at),
                last_used_at=scalars.instant(one.last_used_at),
                secrets=[_secret(secret) for secret in live[one.client_id]],
            )
        )
    return shown


def _secret(secret: rotation.Secret) -> ClientSecret:
    return ClientSecret(
        created_at=scalars.DateTime(secret.created_at),
        expires_at=scalars.instant(secret.expires_at),
        last_used_at=scalars.instant(secret.last_used_at),
    )
