"""Finding the scorer of personal offers that the operator chose: a Python object by its address.

The address is `module:attribute`, such as `acme_offers:SCORER`; the object may be anything that
keeps the contract of `wallet.rules.offers.Scorer`. It is loaded once, at the start, and passed down
by hand. What is wrong with it is said then, not at night when the sweep runs.
"""

import importlib
from typing import Final, cast

from wallet import errors
from wallet.rules import offers, text

NAME_CHARS_MAX: Final = 40
VERSION_MAX: Final = 32_767  # it is stored with each offer, in two bytes


class Unloadable(ValueError):
    """The address leads to no scorer; the message says why."""


def load(address: str) -> offers.Scorer:
    """Load the scorer at an address. Raises Unloadable."""
    module, _, attribute = address.partition(":")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except ImportError as error:
        raise _unloadable(address, f"{error}") from error
    except AttributeError as error:
        raise _unloadable(address, f"{module} has no {attribute}") from error
    except Exception as error:  # whatever somebody's module does when it is imported
        raise _unloadable(address, f"importing it raised {type(error).__name__}") from error
    wrong = _wrong(found)
    if wrong is not None:
        raise _unloadable(address, wrong)
    return cast(offers.Scorer, found)


def _wrong(found: object) -> str | None:
    name, version = getattr(found, "name", None), getattr(found, "version", None)
    if isinstance(found, type):
        return "it is a class; name an object made of it"
    if not isinstance(name, str):
        return "it has no name"
    try:
        text.check(name, "name", chars_max=NAME_CHARS_MAX)
    except errors.TextInvalid as refusal:
        return f"its name does not do: {refusal.message}"
    if type(version) is not int or not 1 <= version <= VERSION_MAX:
        return f"its version is no whole number from 1 to {VERSION_MAX}"
    if not callable(getattr(found, "score", None)):
        return "it has no method score"
    return None


def _unloadable(address: str, why: str) -> Unloadable:
    return Unloadable(f"COMMONPURSE_OFFER_SCORER {address} is no scorer of offers: {why}.")
