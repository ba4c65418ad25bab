"""What a merchant is told of a decision: all of it, but for what is the member's own affair.

A condition may ask where else a member bought and for how much, when they were born, or what the
operator thinks of them. The member and the staff read that. A merchant reads that it depends on the
member, whether it held or not.
"""

from collections.abc import Mapping
from typing import Any, Final

PERSONAL: Final = frozenset(
    {
        "birthday",
        "bought_at",
        "experiment",
        "favourite",
        "joined",
        "membership",
        "nth_purchase",
        "segment",
        "spent",
        "terms",
        "tier",
    }
)
VEILED: Final = {"if": "personal"}


def discreet(document: object) -> object:
    """Return a stored document without what is personal; of another shape it is left as it is."""
    if not isinstance(document, Mapping):
        return document
    shown = dict(document)
    for name, inside in (("matched", "because"), ("missed", "reasons")):
        parts = document.get(name)
        if isinstance(parts, list):
            shown[name] = [_veil(one, inside) for one in parts]
    if isinstance(document.get("because"), list):  # an award's stands at its top
        shown["because"] = _reasons(document["because"])
    return shown


def _veil(one: object, inside: str) -> object:
    if not isinstance(one, Mapping) or not isinstance(one.get(inside), list):
        return one
    return {**one, inside: _reasons(one[inside])}


def _reasons(reasons: list[Any]) -> list[Any]:
    """Several that are personal are one: how many there are would be telling."""
    open_ones = [one for one in reasons if not _is_personal(one)]
    return open_ones if len(open_ones) == len(reasons) else [*open_ones, VEILED]


def _is_personal(reason: object) -> bool:
    return isinstance(reason, Mapping) and reason.get("if") in PERSONAL
