"""The coalition of the demo: ten merchants of one high street, and which of them sells what.

The data comes from one grocery chain. We split its shelves: each department is given to one
merchant, and where a department is too wide (drugs and general merchandise; the groceries' wine and
beer; the leftovers), the commodity decides. The split is ours; the baskets are the data's.
"""

import re
import uuid
from dataclasses import dataclass
from functools import cache
from typing import Final

from api.journey import keys, terms

ASSET: Final = "USD"
TIME_ZONE: Final = "America/New_York"
"""The chain's own: the data's instants were made from local times of this zone."""


@dataclass(frozen=True, slots=True)
class StorePlan:
    """One place where a merchant sells; `external_id` is the data's number of the building."""

    store_id: uuid.UUID
    external_id: str
    name: str
    channel: str


@dataclass(frozen=True, slots=True)
class MerchantPlan:
    """One merchant to register, with the contract (the wallet's terms, as JSON) to publish."""

    merchant_id: uuid.UUID
    slug: str
    name: str
    industry: str
    stores: tuple[StorePlan, ...]
    contract_id: uuid.UUID
    terms: terms.Terms


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where a product stands: its merchant's slug, its category in words, and its labels."""

    merchant: str
    category: str
    labels: tuple[str, ...]


SLUGS: Final = tuple(terms.BY_MERCHANT)
"""The merchants in a fixed order; the reader's merchant numbers are places in it."""

UNKNOWN: Final = Shelf(merchant="harvest-row", category="unknown", labels=())
"""For lines that name no product of the product table: the grocer runs the tills."""

GASOLINE: Final = "GASOLINE-REG UNLEADED"


def merchants(stores: dict[str, list[int]]) -> tuple[MerchantPlan, ...]:
    """Plan the merchants, each with the stores in which the data shows it selling (by slug)."""
    return tuple(_merchant(slug, stores.get(slug, [])) for slug in SLUGS)


def merchant_id(slug: str) -> uuid.UUID:
    """Give the id of one of the coalition's merchants."""
    return keys.named("merchant", slug)


def shelf(
    *, department: str | None, commodity: str | None, product_type: str | None, brand: str | None
) -> Shelf:
    """Find the merchant, the category and the labels of a product by its words in the data."""
    if department is None:
        return UNKNOWN
    merchant = _merchant_of(department, commodity or "", product_type or "")
    labels = (slug(department), *((f"{slug(brand)}-brand",) if brand else ()))
    return Shelf(merchant, _category(department, commodity, product_type or ""), labels)


@cache
def words(text: str) -> str:
    """Write `HAND/BODY/FACIAL PRODUCTS` as `hand body facial products`: members will read it."""
    return _NOT_LETTERS.sub(" ", text.lower()).strip()


def slug(text: str) -> str:
    """Write `DRUG GM` as `drug-gm`."""
    return words(text).replace(" ", "-")


def _merchant_of(department: str, commodity: str, product_type: str) -> str:
    if product_type in _BY_TYPE:
        return _BY_TYPE[product_type]
    if commodity in _DRINKS:
        return "cellar-door"
    if department == "DRUG GM":
        return _DRUG_AND_GENERAL.get(commodity, "fifth-and-main")
    return _BY_DEPARTMENT.get(department, "harvest-row")


def _category(department: str, commodity: str | None, product_type: str) -> str:
    # These hide behind "COUPON/MISC ITEMS" in the product table; terms must be able to name them.
    if product_type == GASOLINE:
        return "fuel"
    if product_type in _GIFT_CARDS:
        return "gift cards"
    return words(commodity or department)


def _merchant(name: str, stores: list[int]) -> MerchantPlan:
    title, industry = _NAMES[name]
    return MerchantPlan(
        merchant_id=merchant_id(name),
        slug=name,
        name=title,
        industry=industry,
        stores=tuple(
            StorePlan(
                store_id=keys.named("store", f"{name}/{number}"),
                external_id=str(number),
                name=f"{title}, store {number}",
                channel="shop",
            )
            for number in stores
        ),
        contract_id=keys.named("contract", f"{name}/1"),
        terms=terms.BY_MERCHANT[name],
    )


_NOT_LETTERS: Final = re.compile(r"[^a-z0-9]+")

_NAMES: Final = {
    "harvest-row": ("Harvest Row Market", "grocer"),
    "greenleaf": ("Greenleaf Produce", "greengrocer"),
    "brandt": ("Brandt & Daughters", "butcher and fishmonger"),
    "corner-oven": ("Corner Oven", "bakery and delicatessen"),
    "rosa": ("Rosa Drugstore", "drugstore"),
    "whitmore": ("Whitmore Pharmacy", "pharmacy"),
    "fifth-and-main": ("Fifth & Main Variety", "variety store"),
    "blue-pump": ("Blue Pump", "fuel station"),
    "petal": ("Petal & Post", "florist"),
    "cellar-door": ("Cellar Door", "wine, beer and spirits"),
}

# Departments that are not here are the grocer's.
_BY_DEPARTMENT: Final = {
    "PRODUCE": "greenleaf",
    "SALAD BAR": "greenleaf",
    "CHEF SHOPPE": "greenleaf",  # cut fruit and vegetables
    "FROZEN GROCERY": "greenleaf",  # organic carrots and apples, whatever the department is called
    "TRAVEL & LEISURE": "greenleaf",  # apples and bananas again
    "MEAT": "brandt",
    "MEAT-PCKGD": "brandt",
    "SEAFOOD": "brandt",
    "SEAFOOD-PCKGD": "brandt",
    "DELI": "corner-oven",
    "PASTRY": "corner-oven",
    "RESTAURANT": "corner-oven",
    "COSMETICS": "rosa",
    "FUEL": "blue-pump",
    "FLORAL": "petal",
    "GARDEN CENTER": "petal",
    "SPIRITS": "cellar-door",
    "AUTOMOTIVE": "fifth-and-main",  # greeting cards
    "ELECT &PLUMBING": "fifth-and-main",
    "GM MERCH EXP": "fifth-and-main",  # bulk candy
    "HOUSEWARES": "fifth-and-main",
    "POSTAL CENTER": "fifth-and-main",
    "TOYS": "fifth-and-main",
}

_DRINKS: Final = {"BEERS/ALES", "DOMESTIC WINE", "IMPORTED WINE", "LIQUOR", "MISC WINE"}

_GIFT_CARDS: Final = {
    "ELECTRONIC GIFT CARDS ACTIVATI",
    "ELECTRONIC GIFT CARDS REFRESH",
    "MASTERCARD GIFT CARD",
    "OUTSIDE VENDORS GIFT CARDS",
}

_BY_TYPE: Final = {
    GASOLINE: "blue-pump",
    "FLORAL DEPT KEY RING": "petal",
    "MISCELLANEOUS H & B AIDS": "rosa",
    "PRODUCE DEPT KEY RING": "greenleaf",
    **dict.fromkeys(_GIFT_CARDS, "fifth-and-main"),
}

_PHARMACY: Final = (
    "ADULT INCONTINENCE",
    "ANALGESICS",
    "ANTACIDS",
    "COLD AND FLU",
    "DIETARY AID PRODUCTS",
    "EYE AND EAR CARE PRODUCTS",
    "FAMILY PLANNING",
    "FIRST AID PRODUCTS",
    "FOOT CARE PRODUCTS",
    "GLASSES/VISION AIDS",
    "HOME HEALTH CARE",
    "INFANT FORMULA",
    "LAXATIVES",
    "PHARMACY",
    "SINUS AND ALLERGY",
    "SMOKING CESSATIONS",
    "VITAMINS",
)
_DRUGSTORE: Final = (
    "BABY FOODS",
    "BABY HBC",
    "DEODORANTS",
    "DIAPERS & DISPOSABLES",
    "ETHNIC PERSONAL CARE",
    "FEMININE HYGIENE",
    "FILM AND CAMERA PRODUCTS",
    "HAIR CARE ACCESSORIES",
    "HAIR CARE PRODUCTS",
    "HAND/BODY/FACIAL PRODUCTS",
    "IN-STORE PHOTOFINISHING",
    "INFANT CARE PRODUCTS",
    "MISCELLANEOUS HBC",
    "NATURAL HBC",
    "ORAL HYGIENE PRODUCTS",
    "OVERNIGHT PHOTOFINISHING",
    "PERSONAL CARE APPLIANCES",
    "SHAVING CARE PRODUCTS",
    "SOAP - LIQUID & BAR",
    "SUNTAN",
)
_DRUG_AND_GENERAL: Final = {
    **dict.fromkeys(_PHARMACY, "whitmore"),
    **dict.fromkeys(_DRUGSTORE, "rosa"),
}
