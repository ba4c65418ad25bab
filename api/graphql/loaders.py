"""One loader per kind of thing, per request: what a page names twenty times is read once."""

import asyncio
import datetime
import functools
import uuid
from collections.abc import Sequence
from typing import Final, TypeAlias

from strawberry.dataloader import DataLoader

from partners import directory as partner_directory
from wallet import database, errors, statements
from wallet import merchants as merchant_facts
from wallet import orders as order_facts
from wallet import staff as staff_facts
from wallet.campaigns import caps, experiments, segments, shelf, terms
from wallet.campaigns import offers as offer_facts
from wallet.charities import directory, matching
from wallet.rules import contracts
from wallet.rules import favourites as favourite_rules

BATCH_MAX: Final = 100  # a page has at most a hundred rows, so at most as many merchants

Wordings: TypeAlias = tuple[terms.Document, ...]
"""One set of terms, by language."""


class Loaders:
    """Batches the reads of one request; each is made when first used, since most never are."""

    def __init__(self, db: database.Database) -> None:
        self._db = db

    @functools.cached_property
    def merchants(self) -> DataLoader[uuid.UUID, merchant_facts.Merchant | None]:
        """Merchants by id; None for an id that is not a merchant's."""
        return DataLoader(self._merchants, max_batch_size=BATCH_MAX)

    @functools.cached_property
    def terms(self) -> DataLoader[uuid.UUID, contracts.Terms | None]:
        """The terms in force now, by merchant; None without a contract."""
        return DataLoader(self._terms, max_batch_size=BATCH_MAX)

    @functools.cached_property
    def stores(self) -> DataLoader[uuid.UUID, list[merchant_facts.Store]]:
        """The stores of merchants, by merchant."""
        return DataLoader(self._stores, max_batch_size=BATCH_MAX)

    @functools.cached_property
    def purchases(self) -> DataLoader[uuid.UUID, statements.Purchase]:
        """Purchases with all that explains them, by id; the caller may see them."""
        return DataLoader(self._purchases, max_batch_size=BATCH_MAX)

    @functools.cached_property
    def contract_versions(self) -> DataLoader[uuid.UUID, int]:
        """The number of a contract version, by its id."""
        return DataLoader(self._contract_versions, max_batch_size=BATCH_MAX)

    @functools.cached_property
    def orders(self) -> DataLoader[uuid.UUID, order_facts.Order | None]:
        """The orders of redemptions, by redemption; None for one at a till."""
        return DataLoader(self._orders, max_batch_size=BATCH_MAX)

    async def _orders(self, keys: Sequence[uuid.UUID]) -> list[order_facts.Order | None]:
        found = await order_facts.several(self._db, keys)
        return [found.get(key) for key in keys]

    @functools.cached_property
    def staff(self) -> DataLoader[uuid.UUID, staff_facts.Person | None]:
        """People of the staff by id; None for an id that is not a person's."""
        return DataLoader(self._staff, max_batch_size=BATCH_MAX)

    @functools.cached_property
    def campaign_versions(self) -> DataLoader[uuid.UUID, list[shelf.Version]]:
        """The versions of campaigns, the newest first, by campaign."""
        return DataLoader(self._campaign_versions, max_batch_size=BATCH_MAX)

    @functools.cached_property
    def segment_sizes(self) -> DataLoader[uuid.UUID, int]:
        """How many members segments have, by segment."""
        return DataLoader(self._segment_sizes, max_batch_size=BATCH_MAX)

    @functools.cached_property
    def accepted_terms(self) -> DataLoader[uuid.UUID, dict[uuid.UUID, datetime.datetime]]:
        """The documents that members have accepted and when, by member."""
        return DataLoader(self._accepted_terms, max_batch_size=BATCH_MAX)

    @functools.cached_property
    def budgets(self) -> DataLoader[uuid.UUID, list[caps.Budget]]:
        """The budgets of campaigns, by campaign."""
        return DataLoader(self._budgets, max_batch_size=BATCH_MAX)

    async def _budgets(self, keys: Sequence[uuid.UUID]) -> list[list[caps.Budget]]:
        found = await caps.of_subjects(self._db, keys)
        return [found[key] for key in keys]

    async def _campaign_versions(self, keys: Sequence[uuid.UUID]) -> list[list[shelf.Version]]:
        found = await shelf.versions(self._db, list(keys))
        return [found[key] for key in keys]

    async def _segment_sizes(self, keys: Sequence[uuid.UUID]) -> list[int]:
        found = await segments.sizes(self._db, list(keys))
        return [found[key] for key in keys]

    async def _accepted_terms(
        self, keys: Sequence[uuid.UUID]
    ) -> list[dict[uuid.UUID, datetime.datetime]]:
        return list(await asyncio.gather(*(terms.acceptances(self._db, key) for key in keys)))

    @functools.cached_property
    def contract_words(self) -> DataLoader[uuid.UUID, Wordings]:
        """What the contracts in force now say in words, by merchant."""
        return DataLoader(self._contract_words, max_batch_size=BATCH_MAX)

    async def _contract_words(self, keys: Sequence[uuid.UUID]) -> list[Wordings]:
        found = await terms.in_force(self._db, "merchant", keys, None)
        return [found[key] for key in keys]

    @functools.cached_property
    def partner_names(self) -> DataLoader[uuid.UUID, str | None]:
        """What members call partners, by id."""
        return DataLoader(self._partner_names, max_batch_size=BATCH_MAX)

    async def _partner_names(self, keys: Sequence[uuid.UUID]) -> list[str | None]:
        found = await partner_directory.find_many(self._db, keys)
        return [found[key].name if key in found else None for key in keys]

    @functools.cached_property
    def order_stories(self) -> DataLoader[uuid.UUID, list[order_facts.Attempt]]:
        """What was asked and told of orders at partners, by order."""
        return DataLoader(self._order_stories, max_batch_size=BATCH_MAX)

    async def _order_stories(self, keys: Sequence[uuid.UUID]) -> list[list[order_facts.Attempt]]:
        found = await order_facts.stories(self._db, keys)
        return [found[key] for key in keys]

    @functools.cached_property
    def charities(self) -> DataLoader[uuid.UUID, directory.Charity | None]:
        """Charities by id; None for an id that is not in the directory."""
        return DataLoader(self._charities, max_batch_size=BATCH_MAX)

    async def _charities(self, keys: Sequence[uuid.UUID]) -> list[directory.Charity | None]:
        found = await directory.find_many(self._db, keys)
        return [found.get(key) for key in keys]

    @functools.cached_property
    def matches(self) -> DataLoader[uuid.UUID, list[matching.Matched]]:
        """What was given on top of gifts, by gift."""
        return DataLoader(self._matches, max_batch_size=BATCH_MAX)

    async def _matches(self, keys: Sequence[uuid.UUID]) -> list[list[matching.Matched]]:
        found = await matching.of_donations(self._db, keys)
        return [found[key] for key in keys]

    @functools.cached_property
    def exposures(self) -> DataLoader[uuid.UUID, dict[str, int]]:
        """How many members met each arm, by experiment."""
        return DataLoader(self._exposures, max_batch_size=BATCH_MAX)

    async def _exposures(self, keys: Sequence[uuid.UUID]) -> list[dict[str, int]]:
        found = await experiments.exposed(self._db, list(keys))
        return [found[key] for key in keys]

    @functools.cached_property
    def favourites(self) -> DataLoader[uuid.UUID, tuple[favourite_rules.Favourite, ...]]:
        """The favourites of members, by member."""
        return DataLoader(self._favourites, max_batch_size=BATCH_MAX)

    @functools.cached_property
    def offers(self) -> DataLoader[uuid.UUID, tuple[offer_facts.Offer, ...]]:
        """The offers that members have now, by member."""
        return DataLoader(self._offers, max_batch_size=BATCH_MAX)

    async def _favourites(
        self, keys: Sequence[uuid.UUID]
    ) -> list[tuple[favourite_rules.Favourite, ...]]:
        found = await offer_facts.favourites_of(self._db, keys)
        return [found[key] for key in keys]

    async def _offers(self, keys: Sequence[uuid.UUID]) -> list[tuple[offer_facts.Offer, ...]]:
        # A campaign that was paused pays nothing, so its offers are not shown meanwhile.
        running = [one.campaign_id for one in await offer_facts.targets(self._db)]
        found = await offer_facts.offers_of(self._db, keys, campaign_ids=running)
        return [found[key] for key in keys]

    async def _staff(self, keys: Sequence[uuid.UUID]) -> list[staff_facts.Person | None]:
        found = await staff_facts.find_many(self._db, list(keys))
        return [found.get(key) for key in keys]

    async def _purchases(self, keys: Sequence[uuid.UUID]) -> list[statements.Purchase]:
        return list(await asyncio.gather(*(statements.purchase(self._db, key) for key in keys)))

    async def _contract_versions(self, keys: Sequence[uuid.UUID]) -> list[int]:
        found = await asyncio.gather(*(merchant_facts.contract(self._db, key) for key in keys))
        return [version.version for version in found]

    async def _merchants(self, keys: Sequence[uuid.UUID]) -> list[merchant_facts.Merchant | None]:
        found = await merchant_facts.find_many(self._db, list(keys))
        return [found.get(key) for key in keys]

    async def _stores(self, keys: Sequence[uuid.UUID]) -> list[list[merchant_facts.Store]]:
        found = await merchant_facts.stores(self._db, list(keys))
        return [found[key] for key in keys]

    async def _terms(self, keys: Sequence[uuid.UUID]) -> list[contracts.Terms | None]:
        return list(await asyncio.gather(*(self._terms_of(key) for key in keys)))

    async def _terms_of(self, merchant_id: uuid.UUID) -> contracts.Terms | None:
        # A contract version is read once per process; what is asked here is only which one holds.
        try:
            return (await merchant_facts.contract_at(self._db, merchant_id, None)).terms
        except errors.ContractMissing:
            return None
