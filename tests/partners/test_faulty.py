"""The faulty double does to a request what it says, and counts it; the partner sees the rest."""

from collections import Counter

import httpx2
import pytest

from partners import adapter, faulty
from partners import demo_partner as shops
from partners.adapters import demo as demos
from tests.partners import demo, standing


@pytest.mark.parametrize("fault", faulty.FAULTS, ids=lambda fault: fault.name)
async def test_a_fault_happens_before_or_after_the_effect_and_is_counted(
    fault: faulty.Fault, demo_partner: demo.Partner
) -> None:
    config, ordered = demo_partner.config(), standing.order()
    hosts = {demo_partner.host}
    make = faulty.client(faulty.at(fault))
    async with make(hosts=hosts, private=hosts) as client:
        client.headers["Authorization"] = f"Bearer {shops.SECRET}"
        shop = demos.Demo(demos.Settings(**config), client)  # type: ignore[arg-type]
        met = await shop.issue(ordered)
        told = await demo.effects(demo_partner, config, ordered.key, "keyed")
        plain = await shop.issue(ordered)
        way = client._transport

    expected = adapter.NotSent if fault.nothing_happened else adapter.Unknown
    assert (expected, adapter.Issued) == (type(met), type(plain))
    assert int(fault.after) == len(told["issued"])
    assert isinstance(way, faulty.Faulty)
    assert (Counter({fault.name: 1}), 2) == (way.counts, way.requests)


def test_faults_at_a_rate_are_the_same_for_one_seed_and_are_of_every_kind() -> None:
    request = httpx2.Request("GET", "https://corner.example/")
    rates = [faulty.sometimes(100, seed="7"), faulty.sometimes(100, seed="7")]
    first, again = [[choose(n, request) for n in range(4_000)] for choose in rates]
    seen = Counter(one.name for one in first if one is not None)

    assert first == again
    assert {one.name for one in faulty.FAULTS} == set(seen)
    assert 300 < seen.total() < 500
