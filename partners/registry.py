"""Which adapters there are: our own, and those of distributions that are installed beside us.

A distribution offers an adapter by an entry point in the group `commonpurse.adapters`. Nothing of
it is imported before it is asked for, and only what the operator allows is imported at all. One
that cannot be used disables itself and nothing else, and says why; of two that claim one name
neither is used, because nobody could say which of them is given the secrets of a shop.
"""

import importlib
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from importlib import metadata
from typing import Any, Final, Literal, TypeAlias, cast

import msgspec

from partners import adapter
from wallet import errors
from wallet.rules import orders

GROUP: Final = "commonpurse.adapters"
OURSELVES: Final = "commonpurse"
ABOUT_CHARS_MAX: Final = 200
"""A line in a list; the story belongs in the adapter's own documentation."""
OFFERED_MAX: Final = 500
"""Adapters of one installation: more than there are shop systems worth a name."""

BUILT_IN: Final[Mapping[str, str]] = {
    "commonpurse": "partners.adapters.commonpurse:Commonpurse",
    "csv": "partners.adapters.csv:Csv",
    "demo": "partners.adapters.demo:Demo",
    "demo-natural": "partners.adapters.demo:DemoNatural",
    "demo-none": "partners.adapters.demo:DemoNone",
    "medusa-gift-card": "partners.adapters.medusa_gift_card:MedusaGiftCard",
    "medusa-store-credit": "partners.adapters.medusa_store_credit:MedusaStoreCredit",
    "nuvemshop": "partners.adapters.nuvemshop:Nuvemshop",
    "shopify-gift-card": "partners.adapters.shopify_gift_card:ShopifyGiftCard",
    "shopify-store-credit": "partners.adapters.shopify_store_credit:ShopifyStoreCredit",
    "smile": "partners.adapters.smile:Smile",
    "square": "partners.adapters.square:Square",
    "vendure": "partners.adapters.vendure:Vendure",
    "woocommerce": "partners.adapters.woocommerce:WooCommerce",
}
"""Our own, as pyproject.toml names them: so they are there too where nothing was installed."""

State: TypeAlias = Literal["ready", "not_allowed", "collision", "broken"]
_NAME: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_METHODS: Final = ("hosts", "issue", "find", "reverse", "issued_between", "events")
_OWN: Final = ("__init__", "hosts", "issue")  # what the contract has no answer of its own to


@dataclass(frozen=True, slots=True)
class Offered:
    """An adapter that somebody offers: its name, where it is (`module:Class`), and who."""

    name: str
    address: str
    source: str


@dataclass(frozen=True, slots=True)
class Listed:
    """An adapter as the operator sees it; `why` says what is wrong with one that is not ready."""

    name: str
    source: str
    state: State
    why: str = ""
    kind: type[adapter.Adapter] | None = None


class Registry:
    """The adapters of one process. `allowed` are names; None allows our own and no other."""

    def __init__(self, offered: Iterable[Offered], *, allowed: Collection[str] | None) -> None:
        self._offered: dict[str, list[Offered]] = {}
        for one in offered:
            self._offered.setdefault(one.name, []).append(one)
        self._allowed = frozenset(BUILT_IN if allowed is None else allowed)
        self._known: dict[str, Listed] = {}

    def find(self, name: str) -> type[adapter.Adapter]:
        """The class with this name, or ADAPTER_UNAVAILABLE with the reason."""
        found = self.look(name)
        if found.kind is None:
            raise errors.AdapterUnavailable(f"{found.why} Name another adapter.", path=("adapter",))
        return found.kind

    def look(self, name: str) -> Listed:
        """What is known of a name; the adapter is imported now, if it may be."""
        if name not in self._known:
            found = self._judge(name)
            if name not in self._offered:
                return found  # Whatever somebody typed is not kept.
            self._known[name] = found
        return self._known[name]

    def listed(self) -> list[Listed]:
        """All that are offered or allowed, by name; those that may be are imported."""
        return [self.look(name) for name in sorted({*self._offered, *self._allowed})]

    def problems(self) -> list[Listed]:
        """Those that the operator wants and cannot have."""
        return [one for one in self.listed() if one.state in ("collision", "broken")]

    def _judge(self, name: str) -> Listed:
        offered = self._offered.get(name, [])
        source = ", ".join(one.source for one in offered)
        if len(offered) > 1:
            why = f"The adapter {name} is offered by {' and by '.join(o.source for o in offered)}."
            return Listed(name, source, "collision", why)
        if name not in self._allowed:
            why = f"The adapter {name} is not in COMMONPURSE_ADAPTERS."
            return Listed(name, source, "not_allowed", why)
        if not offered:
            return Listed(name, "nobody", "broken", f"No adapter {name} is installed.")
        (only,) = offered
        found, wrong = _load(only)
        if wrong:
            return Listed(name, source, "broken", f"The adapter {name} cannot be used: {wrong}.")
        return Listed(name, source, "ready", kind=found)


def discover(
    *, allowed: Collection[str] | None, points: Iterable[metadata.EntryPoint] | None = None
) -> Registry:
    """Return the registry of what is installed; nothing of it is imported yet."""
    found = metadata.entry_points(group=GROUP) if points is None else points
    offered = [Offered(name, address, OURSELVES) for name, address in BUILT_IN.items()]
    for point in sorted(found, key=lambda one: (one.name, one.value))[:OFFERED_MAX]:
        whose = point.dist
        if whose is not None and whose.name == OURSELVES:
            continue  # The table above names the same.
        source = "an unknown distribution" if whose is None else f"{whose.name} {whose.version}"
        offered.append(Offered(point.name, point.value, source))
    return Registry(offered, allowed=allowed)


def config_schema(kind: type[adapter.Adapter]) -> dict[str, Any]:
    """The JSON Schema of what an operator sets for a shop of this kind."""
    return msgspec.json.schema(kind.Config)


def configured(kind: type[adapter.Adapter], config: object, *path: str) -> Any:
    """Read the Config of an adapter strictly: PARTNER_INVALID with the field at fault.

    `oauth` is no business of an adapter's: it says how members link to the partner.
    """
    if isinstance(config, Mapping):
        config = {name: value for name, value in config.items() if name != "oauth"}
    try:
        return msgspec.convert(config, kind.Config, strict=True)
    except (msgspec.ValidationError, ValueError) as wrong:
        what, _, where = str(wrong).partition(" - at `$")
        inner = re.findall(r"\w+", where)
        sentence = f"This configuration does not fit {kind.name}: {what}. Correct it."
        raise errors.PartnerInvalid(sentence, path=(*(path or ("config",)), *inner)) from None


def _load(offered: Offered) -> tuple[type[adapter.Adapter] | None, str]:
    module, _, attribute = offered.address.partition(":")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except ImportError as error:
        return None, f"{error}"
    except AttributeError:
        return None, f"{module} has no {attribute}"
    except (Exception, SystemExit) as error:  # whatever somebody's module does when it is imported
        return None, f"importing it raised {type(error).__name__}"
    try:
        wrong = unfit(offered.name, found)
    except Exception as error:  # the same, for a class that answers by code
        wrong = f"looking at it raised {type(error).__name__}"
    return (None, wrong) if wrong else (cast(type[adapter.Adapter], found), "")


def unfit(name: str, found: Any) -> str:
    """What keeps a class from being an adapter; empty if nothing does."""
    if not isinstance(found, type):
        return "it is no class"
    if not _NAME.fullmatch(name):
        return "its name is not made of lower-case letters, digits and single hyphens"
    said = getattr(found, "name", None)
    if said != name:
        return f"it calls itself {said!r}"
    about = getattr(found, "about", "")
    if not isinstance(about, str) or not 0 < len(about) <= ABOUT_CHARS_MAX:
        return f"its `about` is no line of at most {ABOUT_CHARS_MAX} characters"
    missing = [one for one in _METHODS if not callable(getattr(found, one, None))]
    missing += [one for one in _OWN if getattr(found, one) is getattr(adapter.Adapter, one)]
    if missing:
        return f"it has no method {missing[0]}"
    credential = getattr(found, "credential", None)
    if not isinstance(credential, adapter.Credential):
        return "its `credential` is no partners.adapter.Credential"
    caps = getattr(found, "caps", None)
    if not isinstance(caps, adapter.Capabilities):
        return "its `caps` are no partners.adapter.Capabilities"
    return _wrong_config(getattr(found, "Config", None)) or _wrong_caps(caps, credential)


def _wrong_config(config: Any) -> str:
    if not (isinstance(config, type) and issubclass(config, msgspec.Struct)):
        return "its `Config` is no msgspec.Struct"
    settings = config.__struct_config__
    if not (settings.frozen and settings.forbid_unknown_fields):
        return "its `Config` is not declared with frozen=True, forbid_unknown_fields=True"
    msgspec.json.schema(config)  # A field that has no schema could not be shown to the operator.
    return ""


def _wrong_caps(caps: adapter.Capabilities, credential: adapter.Credential) -> str:
    if not caps.kinds or not set(caps.kinds) <= set(orders.KINDS):
        return f"its kinds are not some of {', '.join(orders.KINDS)}"
    if caps.reverses_in_part and not caps.reverses:
        return "it declares reverses_in_part without reverses"
    if credential.whose == "member" and not caps.links:
        return "it speaks by the token of a linked account, and does not declare links"
    if caps.settles < timedelta(0) or (caps.key_lasts or timedelta(1)) <= timedelta(0):
        return "a time that it declares is negative"
    if caps.key_lasts is not None and caps.idempotency is not adapter.Idempotency.KEYED:
        return "it declares key_lasts without keys"
    return ""
