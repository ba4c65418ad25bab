"""Every setting of an installation, and the only place that reads the environment.

A field `port` is the variable `COMMONPURSE_PORT`; the database is also read from `DATABASE_URL`,
because hosts set that name. Whoever starts something builds one `Settings` and passes it down by
hand: no module holds one, so a test passes its own. A wrong value stops the start with the name
of the variable, never a request later on.
"""

from pathlib import Path
from typing import Literal, Self

import pydantic
import pydantic_settings
from pydantic import Field

BODY_BYTES_MAX_CEILING = 64 * 1024 * 1024  # a body is held in memory whole


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
        description="Longest body of a request by a merchant, in bytes: 1,000 purchases fit in.",
    )
    request_seconds_max: int = Field(
        default=5, ge=1, le=60, description="A request that takes longer is answered TIMEOUT."
    )
    demo_households: int = Field(
        default=60,
        ge=1,
        le=2_469,
        description="Households of the demo that `commonpurse up` loads into an empty database.",
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

    @pydantic.model_validator(mode="after")
    def _bulk_is_not_smaller(self) -> Self:
        if self.bulk_body_bytes_max < self.body_bytes_max:
            raise ValueError("bulk_body_bytes_max must not be below body_bytes_max")
        return self

    @property
    def dsn(self) -> str | None:
        """The given database as text, or None when the embedded server is to be used."""
        return self.database_url.get_secret_value() if self.database_url else None
