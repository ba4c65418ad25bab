"""Who may come in and how: clients, grants, tokens, browser sessions, passkeys, documents.

The schema `identity` holds no money and nothing that opens a door by itself: every secret is stored
as a hash, passwords as argon2, and the signing key is not in the database at all.
"""

from sqlalchemy import CheckConstraint, Column, Index, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from wallet.tables import columns
from wallet.tables.columns import UUID, datetime

SCHEMA = {"schema": "identity"}
PERSON = "principal_kind in ('member', 'staff')"
PRINCIPAL = "principal_kind in ('member', 'merchant', 'staff')"


def _texts() -> Column[list[str]]:
    return Column(ARRAY(Text), nullable=False)


class Client(SQLModel, table=True):
    """A program that may come in: a members' app, a merchant's server, store, resource server."""

    __tablename__ = "client"
    __table_args__ = (
        CheckConstraint("kind in ('app', 'merchant', 'resource', 'store')", name="client_kind"),
        CheckConstraint("status in ('active', 'suspended')", name="client_status"),
        CheckConstraint(
            "(kind in ('merchant', 'store')) = (merchant_id is not null)", name="client_merchant"
        ),
        CheckConstraint(
            "auth_method in ('none', 'client_secret_basic', 'client_secret_post',"
            " 'private_key_jwt', 'app_token')",
            name="client_auth_method",
        ),
        Index("client_merchant_of", "merchant_id"),
        SCHEMA,
    )

    client_id: str = columns.word_key()
    kind: str = columns.words()
    name: str = columns.words()
    merchant_id: UUID | None = None
    auth_method: str = columns.words()
    redirect_uris: list[str] = Field(sa_column=_texts())
    scopes: list[str] = Field(sa_column=_texts())
    jwks: dict[str, object] | None = columns.document(optional=True)
    rate_per_minute: int | None = None
    status: str = columns.words("active")
    created_at: datetime = columns.instant_now()
    last_used_at: datetime | None = columns.instant_or_none()


class ClientSecret(SQLModel, table=True):
    """One secret of a client; two live side by side while it is being rotated."""

    __tablename__ = "client_secret"
    __table_args__ = (
        UniqueConstraint("secret_hash", name="client_secret_hash"),
        Index("client_secret_of", "client_id"),
        SCHEMA,
    )

    secret_id: UUID = columns.key()
    client_id: str = columns.words()
    secret_hash: bytes
    created_at: datetime = columns.instant_now()
    expires_at: datetime | None = columns.instant_or_none()
    last_used_at: datetime | None = columns.instant_or_none()


class ClientAssertion(SQLModel, table=True):
    """A `jti` of a private_key_jwt that was used once, until it would have expired anyway."""

    __tablename__ = "client_assertion"
    __table_args__ = (Index("client_assertion_old", "expires_at"), SCHEMA)

    client_id: str = columns.word_key()
    jti_hash: bytes = Field(primary_key=True)
    expires_at: datetime = columns.instant()


class Session(SQLModel, table=True):
    """A browser's session: anonymous until somebody signs in, which gives it a new secret."""

    __tablename__ = "session"
    __table_args__ = (
        CheckConstraint(PERSON, name="session_kind"),
        CheckConstraint(
            "(principal_kind is null) = (principal_id is null)", name="session_principal"
        ),
        UniqueConstraint("secret_hash", name="session_secret"),
        Index("session_of", "principal_id"),
        Index("session_old", "expires_at"),
        SCHEMA,
    )

    session_id: UUID = columns.key()
    secret_hash: bytes
    principal_kind: str | None = columns.words_or_none()
    principal_id: UUID | None = None
    amr: list[str] = Field(sa_column=_texts())
    signed_in_at: datetime | None = columns.instant_or_none()
    browser: str = columns.words("")
    created_at: datetime = columns.instant_now()
    seen_at: datetime = columns.instant_now()
    expires_at: datetime = columns.instant()
    revoked_at: datetime | None = columns.instant_or_none()


class Account(SQLModel, table=True):
    """How a person signs in: a password if there is one, and when the address was confirmed."""

    __tablename__ = "account"
    __table_args__ = (CheckConstraint(PERSON, name="account_kind"), SCHEMA)

    principal_id: UUID = columns.key()
    principal_kind: str = columns.words()
    password_hash: str | None = columns.words_or_none()
    password_at: datetime | None = columns.instant_or_none()
    email_verified_at: datetime | None = columns.instant_or_none()
    locale: str | None = columns.words_or_none()
    created_at: datetime = columns.instant_now()


class Passkey(SQLModel, table=True):
    """A WebAuthn credential: its public key and the counter that shows a clone."""

    __tablename__ = "passkey"
    __table_args__ = (
        CheckConstraint(PERSON, name="passkey_kind"),
        Index("passkey_of", "principal_id"),
        SCHEMA,
    )

    credential_id: bytes = Field(primary_key=True)
    principal_kind: str = columns.words()
    principal_id: UUID
    public_key: bytes
    sign_count: int = columns.amount(0)
    name: str = columns.words()
    transports: list[str] = Field(sa_column=_texts())
    created_at: datetime = columns.instant_now()
    last_used_at: datetime | None = columns.instant_or_none()


class Once(SQLModel, table=True):
    """A secret that works once: a link in a letter, or a challenge to a passkey."""

    __tablename__ = "once"
    __table_args__ = (Index("once_old", "expires_at"), SCHEMA)

    secret_hash: bytes = Field(primary_key=True)
    purpose: str = columns.words()
    session_id: UUID | None = None
    principal_kind: str | None = columns.words_or_none()
    principal_id: UUID | None = None
    detail: dict[str, object] | None = columns.document(optional=True)
    expires_at: datetime = columns.instant()
    used_at: datetime | None = columns.instant_or_none()


class Throttle(SQLModel, table=True):
    """How far ahead of its allowance somebody is: the instant at which nothing is used any more."""

    __tablename__ = "throttle"
    __table_args__ = (Index("throttle_old", "empty_at"), SCHEMA)

    key_hash: bytes = Field(primary_key=True)
    empty_at: datetime = columns.instant()


class AuthorizationRequest(SQLModel, table=True):
    """What a client asked for, as it was checked, while the person signs in and consents."""

    __tablename__ = "authorization_request"
    __table_args__ = (Index("authorization_request_old", "expires_at"), SCHEMA)

    key_hash: bytes = Field(primary_key=True)
    session_id: UUID
    client_id: str = columns.words()
    parameters: dict[str, object] = columns.document()
    created_at: datetime = columns.instant_now()
    expires_at: datetime = columns.instant()


class AccessGrant(SQLModel, table=True):
    """One consent of one person to one client, or one merchant's own: a family of tokens."""

    __tablename__ = "access_grant"
    __table_args__ = (
        CheckConstraint(PRINCIPAL, name="access_grant_kind"),
        Index("access_grant_of", "principal_id"),
        Index("access_grant_client", "client_id"),
        SCHEMA,
    )

    grant_id: UUID = columns.key()
    client_id: str = columns.words()
    principal_kind: str = columns.words()
    principal_id: UUID
    scopes: list[str] = Field(sa_column=_texts())
    session_id: UUID | None = None
    authenticated_at: datetime | None = columns.instant_or_none()
    amr: list[str] = Field(sa_column=_texts())
    created_at: datetime = columns.instant_now()
    revoked_at: datetime | None = columns.instant_or_none()
    revoked_why: str | None = columns.words_or_none()
    spends_since: datetime | None = columns.instant_or_none()


class AuthorizationCode(SQLModel, table=True):
    """A code on its way through a browser; it is kept after its use, so that a replay is seen."""

    __tablename__ = "authorization_code"
    __table_args__ = (Index("authorization_code_old", "expires_at"), SCHEMA)

    code_hash: bytes = Field(primary_key=True)
    grant_id: UUID
    client_id: str = columns.words()
    redirect_uri: str = columns.words()
    scopes: list[str] = Field(sa_column=_texts())
    code_challenge: str = columns.words()
    nonce: str | None = columns.words_or_none()
    created_at: datetime = columns.instant_now()
    expires_at: datetime = columns.instant()
    used_at: datetime | None = columns.instant_or_none()


class Token(SQLModel, table=True):
    """An access token: only its hash, whose it is, and what it may do."""

    __tablename__ = "token"
    __table_args__ = (
        CheckConstraint(PRINCIPAL, name="token_kind"),
        CheckConstraint("(client_id is null) = (grant_id is null)", name="token_grant"),
        UniqueConstraint("token_hash", name="token_hash"),
        Index("token_of_grant", "grant_id"),
        Index("token_old", "expires_at"),
        SCHEMA,
    )

    token_id: UUID = columns.key()
    token_hash: bytes
    principal_kind: str = columns.words()
    principal_id: UUID
    scopes: list[str] = Field(sa_column=_texts())
    audience: str = columns.words()
    label: str = columns.words("")
    client_id: str | None = columns.words_or_none()
    grant_id: UUID | None = None
    created_at: datetime = columns.instant_now()
    expires_at: datetime = columns.instant()
    revoked_at: datetime | None = columns.instant_or_none()


class RefreshToken(SQLModel, table=True):
    """A refresh token: used ones are kept, so that a second use gives the thief away."""

    __tablename__ = "refresh_token"
    __table_args__ = (
        UniqueConstraint("token_hash", name="refresh_token_hash"),
        Index("refresh_token_of_grant", "grant_id"),
        Index("refresh_token_old", "expires_at"),
        SCHEMA,
    )

    refresh_id: UUID = columns.key()
    token_hash: bytes
    grant_id: UUID
    client_id: str = columns.words()
    scopes: list[str] = Field(sa_column=_texts())
    created_at: datetime = columns.instant_now()
    expires_at: datetime = columns.instant()
    rotated_at: datetime | None = columns.instant_or_none()
    successor_id: UUID | None = None
    retired_at: datetime | None = columns.instant_or_none()


class TrustedDocument(SQLModel, table=True):
    """A GraphQL document that a client may send by its hash."""

    __tablename__ = "trusted_document"
    __table_args__ = (
        CheckConstraint("length(document_hash) = 32", name="trusted_document_hash"),
        SCHEMA,
    )

    document_hash: bytes = Field(primary_key=True)
    body: str = columns.words()
    name: str = columns.words()
    kind: str = columns.words()
    description: str = columns.words("")
    scopes: list[str] = Field(sa_column=_texts())
    app: str = columns.words("")
    registered_at: datetime = columns.instant_now()
    retired_at: datetime | None = columns.instant_or_none()
