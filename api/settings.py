"""Every setting of an installation, and the only place that reads the environment.

A field `port` is the variable `COMMONPURSE_PORT`; the database is also read from `DATABASE_URL`,
because hosts set that name. Whoever starts something builds one `Settings` and passes it down by
hand: no module holds one, so a test passes its own. A wrong value stops the start with the name
of the variable, never a request later on.
"""

import urllib.parse
from pathlib import Path
from typing import Final, Literal, Self

import pydantic
import pydantic_settings
from pydantic import Field

from partners import addresses

BODY_BYTES_MAX_CEILING = 64 * 1024 * 1024  # a body is held in memory whole
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class Settings(pydantic_settings.BaseSettings):
    """What an operator may choose. Construct it with no arguments to read the environment.

    Raises pydantic.ValidationError when a value is out of its bounds.
    """

    model_config = pydantic_settings.SettingsConfigDict(
        env_prefix="COMMONPURSE_",
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,  # a wrong DATABASE_URL still holds a password
        populate_by_name=True,
    )

    database_url: pydantic.SecretStr | None = Field(
        default=None,
        validation_alias=pydantic.AliasChoices("COMMONPURSE_DATABASE_URL", "DATABASE_URL"),
        description=(
            "PostgreSQL >= 15 as postgresql://user:password@host:port/database, with a user that "
            "owns the database. Unset: an embedded server is started in `data_dir`."
        ),
    )
    data_dir: Path = Field(
        default=Path(".commonpurse"),
        description="Folder of the embedded server. Made when missing; kept between runs.",
    )
    host: str = Field(
        default="127.0.0.1",
        min_length=1,
        description="Address to listen on. Loopback by default: a public address is a choice.",
    )
    port: int = Field(default=8000, ge=0, le=65535, description="TCP port to listen on; 0: any.")
    issuer: str | None = Field(
        default=None,
        description=(
            "Public address of this installation, such as https://wallet.example: every link and"
            " every token names it. https, but for loopback. Unset: http://localhost and the port."
        ),
    )
    signing_keys: Path | None = Field(
        default=None,
        description=(
            "File of the private keys (JWKS) that sign id tokens; made when missing. The first key"
            " signs, all are published. Unset: signing-keys.json in `data_dir`."
        ),
    )
    partner_keys: Path | None = Field(
        default=None,
        description=(
            "File of the keys that seal partners' tokens and secrets at rest; made when missing."
            " The first key seals, all open. Unset: partner-keys.json in `data_dir`."
        ),
    )
    partner_private_hosts: str = Field(
        default="",
        max_length=4096,
        description=(
            "Hosts of partners in a private network, as host:port with commas between. They may be"
            " at any address and port, and speak http. All others must be public, and speak https."
        ),
    )
    webhook_private_hosts: str = Field(
        default="",
        max_length=4096,
        description=(
            "Hosts in a private network, as host:port with commas between, that merchants may give"
            " as endpoints. Others must be public: a merchant could reach our own services."
        ),
    )
    adapters: str | None = Field(
        default=None,
        max_length=4096,
        description=(
            "Adapters of partners that may be used, by name with commas between. A name that is"
            " not there is never imported. Unset: our own, and no other."
        ),
    )
    pool_size: int = Field(
        default=8,
        ge=1,
        le=64,
        description=(
            "Database connections of one process. 8 to 16 serve two cores best; more is slower, "
            "because locks are then held while their holder waits for a core."
        ),
    )
    body_bytes_max: int = Field(
        default=64 * 1024,
        ge=1024,
        le=BODY_BYTES_MAX_CEILING,
        description="Longest body of a request by a member or a support agent, in bytes.",
    )
    bulk_body_bytes_max: int = Field(
        default=8 * 1024 * 1024,
        ge=1024,
        le=BODY_BYTES_MAX_CEILING,
        description="Longest body of a request by a merchant or an operator, in bytes: 1,000"
        " purchases or a campaign for 20,000 products fit in.",
    )
    request_seconds_max: int = Field(
        default=5, ge=1, le=60, description="A request that takes longer is answered TIMEOUT."
    )
    documents: Literal["trusted", "open"] = Field(
        default="trusted",
        description=(
            "trusted: members' apps send registered documents only. open: any document."
            " `commonpurse up` is always open."
        ),
    )
    statuses: Literal["2026", "older"] = Field(
        default="2026",
        description=(
            "HTTP statuses of GraphQL answers. 2026: 422 for a document that does not fit, 294 for"
            " data beside errors. older: 400 and 200."
        ),
    )
    cost_max: int = Field(
        default=1_000, ge=1, le=1_000_000, description="The most one document may cost, in points."
    )
    cost_per_minute: int = Field(
        default=20_000,
        ge=1,
        le=100_000_000,
        description=(
            "Points a caller may spend in a minute, evenly or at once. A registered client may have"
            " a limit of its own."
        ),
    )
    gift_card_hold_hours: int = Field(
        default=24,
        ge=1,
        le=30 * 24,
        description=(
            "How long a store holds value by a gift card before it must have settled; longer where"
            " the merchant's contract says so."
        ),
    )
    external_issuer: str | None = Field(
        default=None,
        description=(
            "An OpenID provider whose access tokens (JWT) are taken for members, instead of our own"
            " sign-in. Unset: our own."
        ),
    )
    external_audience: str | None = Field(
        default=None, description="The audience that such a token must name."
    )
    external_member_claim: str = Field(
        default="sub", min_length=1, description="The claim of such a token with the mem_ id."
    )
    mailer: Literal["log", "file", "smtp"] = Field(
        default="file",
        description=(
            "How letters leave. file: one file each in `data_dir`/letters. log: to the log without"
            " their links. smtp: to `smtp_url`."
        ),
    )
    smtp_url: pydantic.SecretStr | None = Field(
        default=None, description="smtp://user:password@host:587, or smtps:// on 465."
    )
    mail_from: str = Field(
        default="Commonpurse <wallet@localhost>",
        min_length=3,
        description="The sender of letters.",
    )
    demo_households: int = Field(
        default=60,
        ge=1,
        le=2_469,
        description="Households of the demo that `commonpurse up` loads into an empty database.",
    )
    offer_scorer: str = Field(
        default="wallet.rules.rhythm:RHYTHM",
        pattern=r"^\w+(\.\w+)*:\w+$",
        description=(
            "What proposes personal offers: a Python object as module:attribute. See"
            " docs/offers.md for its contract."
        ),
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least serious event that is logged."
    )
    log_format: Literal["text", "json"] = Field(
        default="text", description="text for a person, json for a log collector."
    )

    @pydantic.field_validator("database_url")
    @classmethod
    def _database_url_is_postgresql(
        cls, value: pydantic.SecretStr | None
    ) -> pydantic.SecretStr | None:
        # Only the scheme is shown: the rest holds a password.
        scheme = value.get_secret_value().partition("://")[0] if value else "postgresql"
        if scheme not in {"postgresql", "postgres"}:
            raise ValueError(f"must start with postgresql://, not {scheme[:20]!r}")
        return value

    @pydantic.field_validator("issuer", "external_issuer")
    @classmethod
    def _issuer_is_safe(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urllib.parse.urlsplit(value)
        loopback = parts.hostname in LOOPBACK
        if parts.scheme != "https" and not (parts.scheme == "http" and loopback):
            raise ValueError("must start with https:// (http:// only for localhost)")
        if not parts.hostname or parts.query or parts.fragment or parts.username:
            raise ValueError("must be an address without user, query and fragment")
        return value.rstrip("/")

    @pydantic.field_validator("partner_private_hosts", "webhook_private_hosts")
    @classmethod
    def _private_hosts_are_hosts(cls, value: str) -> str:
        for entry in _split(value):
            addresses.parse(entry)
        return value

    @pydantic.model_validator(mode="after")
    def _what_goes_together_is_there(self) -> Self:
        if self.external_issuer is not None and self.external_audience is None:
            raise ValueError("external_issuer needs external_audience")
        if self.mailer == "smtp" and self.smtp_url is None:
            raise ValueError("mailer smtp needs smtp_url")
        return self

    @pydantic.model_validator(mode="after")
    def _bulk_is_not_smaller(self) -> Self:
        if self.bulk_body_bytes_max < self.body_bytes_max:
            raise ValueError("bulk_body_bytes_max must not be below body_bytes_max")
        return self

    @property
    def origin(self) -> str:
        """Where this installation is reached, without a slash at the end; never a request's word.

        With a path, such as https://shop.example/wallet, a proxy takes that path away.
        """
        # A name, because a passkey cannot belong to an address of numbers.
        return self.issuer or f"http://localhost:{self.port}"

    @property
    def web_origin(self) -> str:
        """Our origin as a browser writes it: without a path, without the usual port."""
        parts = urllib.parse.urlsplit(self.origin)
        usual = {"https": 443, "http": 80}[parts.scheme]
        name = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        port = "" if parts.port in (None, usual) else f":{parts.port}"
        return f"{parts.scheme}://{name}{port}"

    @property
    def secure(self) -> bool:
        """True behind TLS; false only on loopback."""
        return self.origin.startswith("https://")

    @property
    def partner_keyring(self) -> Path:
        """Where the keys are that seal partners' secrets."""
        return self.partner_keys or self.data_dir / "partner-keys.json"

    @property
    def private_hosts(self) -> frozenset[str]:
        """The hosts of `partner_private_hosts`, one by one."""
        return _split(self.partner_private_hosts)

    @property
    def webhook_hosts(self) -> frozenset[str]:
        """The hosts of `webhook_private_hosts`, one by one."""
        return _split(self.webhook_private_hosts)

    @property
    def allowed_adapters(self) -> frozenset[str] | None:
        """The names of `adapters`, one by one; None for our own."""
        if self.adapters is None:
            return None
        return _split(self.adapters)

    @property
    def dsn(self) -> str | None:
        """The given database as text, or None when the embedded server is to be used."""
        return self.database_url.get_secret_value() if self.database_url else None


def _split(hosts: str) -> frozenset[str]:
    return frozenset(filter(None, map(str.strip, hosts.split(","))))
