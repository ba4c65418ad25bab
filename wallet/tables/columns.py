"""The column shapes that the tables share: buckets, amounts, instants, and what they may hold.

Every ledger key begins with `bucket`, the last byte of the wallet's id, so that the same schema can
be distributed by it later. Money is always a 64-bit integer in the asset's smallest unit.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime, SmallInteger, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

BUCKET_CHECK = "bucket between 0 and 255"


def bucket() -> Any:
    """The leading key: 0 to 255."""
    return Field(primary_key=True, sa_type=SmallInteger, sa_column_kwargs={"autoincrement": False})


def key() -> Any:
    """A UUID that belongs to the primary key; made by the caller, never by the database."""
    return Field(primary_key=True)


def word_key() -> Any:
    """Text that belongs to the primary key."""
    return Field(primary_key=True, sa_type=Text)


def asset() -> Any:
    """The asset's number, see `wallet.money`."""
    return Field(sa_type=SmallInteger)


def amount(default: int | None = None) -> Any:
    """An amount in the asset's smallest unit, or a gapless count of movements."""
    if default is None:
        return Field(sa_type=BigInteger)
    return Field(
        default=default,
        sa_type=BigInteger,
        sa_column_kwargs={"server_default": text(str(default))},
    )


def amount_or_none() -> Any:
    """An amount or a version that is not there for every row."""
    return Field(default=None, sa_type=BigInteger, nullable=True)


def small(default: int = 0) -> Any:
    """A small count, such as days."""
    return Field(
        default=default,
        sa_type=SmallInteger,
        sa_column_kwargs={"server_default": text(str(default))},
    )


def words(default: str | None = None) -> Any:
    """Text; its length is bounded at the door."""
    if default is None:
        return Field(sa_type=Text)
    return Field(default=default, sa_type=Text, sa_column_kwargs={"server_default": default})


def words_or_none() -> Any:
    """Text that may be missing."""
    return Field(default=None, sa_type=Text, nullable=True)


def instant() -> Any:
    """An instant in UTC."""
    return Field(sa_type=DateTime(timezone=True))


def instant_or_none() -> Any:
    """An instant that may still be open."""
    return Field(default=None, sa_type=DateTime(timezone=True), nullable=True)


def instant_now() -> Any:
    """An instant taken from the database clock when the row is written."""
    return Field(
        sa_type=DateTime(timezone=True),
        sa_column_kwargs={"server_default": text("clock_timestamp()")},
    )


def several_ids() -> Any:
    """Some ids in order, none by default."""
    return Field(sa_column=Column(ARRAY(Uuid), nullable=False, server_default=text("'{}'")))


def document(*, optional: bool = False) -> Any:
    """A JSON document."""
    return Field(default=None, sa_type=JSONB, nullable=optional)


__all__ = [
    "BUCKET_CHECK",
    "UUID",
    "amount",
    "amount_or_none",
    "asset",
    "bucket",
    "date",
    "datetime",
    "document",
    "instant",
    "instant_now",
    "instant_or_none",
    "key",
    "several_ids",
    "small",
    "word_key",
    "words",
    "words_or_none",
]
