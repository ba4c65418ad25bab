"""The SQL of the wallet, as text: functions, named queries, laws and reports.

SQL is kept in files of its own so that it can be read, searched and run by hand. Each file opens
with a comment that says what it promises.
"""

from functools import cache
from importlib import resources


@cache
def load(name: str) -> str:
    """The text of `name`, a path below this package without `.sql`, e.g. "queries/wallet_page"."""
    return resources.files(__package__).joinpath(f"{name}.sql").read_text(encoding="utf-8")


@cache
def names(folder: str) -> tuple[str, ...]:
    """The names in one folder, sorted, ready for `load`."""
    entries = resources.files(__package__).joinpath(folder).iterdir()
    return tuple(
        sorted(f"{folder}/{entry.name[:-4]}" for entry in entries if entry.name.endswith(".sql"))
    )
