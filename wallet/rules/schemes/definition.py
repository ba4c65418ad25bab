"""What every scheme has: a name, words for members, where it holds, and which campaigns it pays by.

A definition is JSON with its `kind`; no code is ever stored. Amounts are minor units of the
programme's asset, days calendar days of its time zone, merchants and campaigns their UUIDs.
"""

import uuid
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, NoReturn, TypeAlias

import msgspec

from wallet import errors
from wallet.rules import malformed
from wallet.rules.campaigns.conditions import NAMES_MAX, Part

Title: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
About: TypeAlias = Annotated[str, msgspec.Meta(max_length=2_000)]
Word: TypeAlias = Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_]{0,39}$")]
"""A word for programs, such as the name of a tier: it is compared, never translated."""
Merchants: TypeAlias = Annotated[tuple[uuid.UUID, ...], msgspec.Meta(max_length=NAMES_MAX)]


class Scheme(Part, frozen=True, kw_only=True, tag_field="kind"):
    """What all kinds have. `merchants` is where it holds; none means everywhere."""

    hidden: ClassVar[tuple[str, ...]] = ()
    """Fields that only the operator may read, such as the right answers of a quiz."""

    name: Title
    about: About = ""
    merchants: Merchants = ()

    def check(self) -> None:
        """Refuse a definition that contradicts itself; `refuse` names the field at fault."""

    def rewards(self) -> Mapping[tuple[str, ...], uuid.UUID]:
        """The campaigns that pay for it, by the path of the field that names each."""
        return {}

    def schemes(self) -> Mapping[tuple[str, ...], uuid.UUID]:
        """The other schemes that it goes by, by the path of the field that names each."""
        return {}

    def partners(self) -> Mapping[tuple[str, ...], uuid.UUID]:
        """The merchants that it names, by the path of the field that names each."""
        return {("merchants", str(place)): one for place, one in enumerate(self.merchants)}

    def check_named(self, others: Mapping[uuid.UUID, "Scheme"]) -> None:
        """Refuse to go by a scheme that is of another kind, or says too little."""

    def shown(self) -> dict[str, Any]:
        """The definition as everybody may read it."""
        written = msgspec.to_builtins(self)
        assert isinstance(written, dict)
        return {name: value for name, value in written.items() if name not in self.hidden}


def refuse(says: str, *steps: str) -> NoReturn:
    """Raise SCHEME_INVALID for the field at this path."""
    path = malformed.printable(steps)
    raise errors.SchemeInvalid(
        f"This is wrong at {malformed.where(path)}: {says[:1].lower()}{says[1:].rstrip('.')}."
        " Correct it and publish it again.",
        path=path,
    )
