"""The root of all refusals, and the one failure that is none."""

from collections.abc import Sequence
from typing import ClassVar


class Refusal(Exception):
    """A request that was understood and refused; nothing of it has happened.

    `code` is stable. `message` is for a person. `path` names the input at fault by its field names
    and positions, such as ("lines", "3", "amount"), empty for the request as a whole. `data` holds
    what helps to do better; amounts are in minor units beside their asset code.
    """

    code: ClassVar[str]
    advice: ClassVar[str]

    message: str
    path: tuple[str, ...]
    data: dict[str, object]

    def __init__(
        self, message: str | None = None, *, path: Sequence[str] = (), **data: object
    ) -> None:
        self.path = tuple(path)
        self.data = data
        self.message = self.say() if message is None else message
        super().__init__(self.message)

    def say(self) -> str:
        """Say in one or two sentences what is wrong and what to do next."""
        return self.advice

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        assert isinstance(other, Refusal)
        return (self.message, self.path, self.data) == (other.message, other.path, other.data)

    def __hash__(self) -> int:
        return hash((self.code, self.message, self.path))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.message!r}, path={self.path!r}, **{self.data!r})"


class Unavailable(Exception):
    """The database is away. Nothing is known to have happened: send the same key again later."""
