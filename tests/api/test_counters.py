"""Anybody reads the impact counters without signing in, and a payment is proved by its gifts."""

import csv
import io
from decimal import Decimal

import httpx2
import orjson

from api import remitted
from tests.wallet import factories, giving, paying_out
from wallet import ids


async def test_the_counters_are_there_for_everybody_and_kept_for_a_minute(
    http: httpx2.AsyncClient, coalition: factories.Coalition
) -> None:
    charity_id = await giving.charity(coalition, name="Save the Children")
    await paying_out.donors(coalition, charity_id, 500)

    first = await http.get("/impact.json")
    await paying_out.donors(coalition, charity_id, 250)
    kept = await http.get("/impact.json")

    assert (200, "public, max-age=60") == (first.status_code, first.headers["cache-control"])
    assert first.content == kept.content
    (counter,) = first.json()["charities"]
    assert ("Save the Children", "EUR", "5.00", "5.00", "5.00") == (
        *(counter["charityName"], counter["currency"]),
        *(counter["given"], counter["byMembers"], counter["due"]),
    )
    assert ids.show("cha", charity_id) == counter["charityId"]


async def test_nobody_is_named_in_them(
    http: httpx2.AsyncClient, coalition: factories.Coalition
) -> None:
    charity_id = await giving.charity(coalition)
    await paying_out.donors(coalition, charity_id, 500)

    told = (await http.get("/impact.json")).text

    assert not any(f"{prefix}_" in told for prefix in ("mem", "wal", "mov", "don"))


async def test_the_gifts_of_a_payment_are_written_down_and_add_up(
    coalition: factories.Coalition,
) -> None:
    charity_id = await giving.charity(coalition)
    await paying_out.donors(coalition, charity_id, 500, 250, 125)
    shop, purchase_id = await paying_out.promised(coalition, charity_id, bucket=7)
    await coalition.give_back(shop, purchase_id)
    batch = await paying_out.prepare(coalition, charity_id)

    sheet = await remitted.text(coalition.db, batch.remittance_id, remitted.Format.CSV)
    document = await remitted.text(coalition.db, batch.remittance_id, remitted.Format.JSON)

    rows = list(csv.DictReader(io.StringIO(sheet)))
    assert ["donation"] * 3 + ["gift"] * 2 == sorted(row["source"] for row in rows)
    assert Decimal("8.75") == sum(Decimal(row["amount"]) for row in rows)
    found = orjson.loads(document)
    assert ("8.75", "prepared") == (found["amount"], found["state"])
    assert rows == found["entries"]
