"""Replacing the secret of an endpoint: two sign for a while, never three, and none is readable."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import standardwebhooks

from partners import vault
from partners.webhooks import endpoints
from tests.conftest import Connection
from tests.partners import peers, telling
from tests.wallet import factories
from wallet import database, ids


async def test_while_a_secret_is_replaced_both_sign_and_afterwards_the_new_one(
    db: database.Database, ring: vault.Vault, coalition: factories.Coalition
) -> None:
    rosa = await coalition.merchant()
    async with peers.serve() as peer:
        old = await telling.endpoint(db, ring, peer, rosa)
        rotation: dict[str, Any] = {"merchant_id": rosa, "endpoint_id": old.endpoint.endpoint_id}
        new = await endpoints.rotate(db, ring, request_id=ids.new(), **rotation)
        await telling.pings(db, old, 1)
        await telling.send(db, ring, peer)
        await db.execute(
            "update partner.endpoint_secret set expires_at = clock_timestamp()"
            " where expires_at is not null"
        )
        await telling.pings(db, old, 1)
        await telling.send(db, ring, peer)

    assert old.secret is not None and new.secret is not None and old.secret != new.secret
    assert [2, 1] == [len(peer.headers(one)["webhook-signature"].split()) for one in (0, 1)]
    for secret in (old.secret, new.secret):
        telling.verified(peer, 0, secret)
    telling.verified(peer, 1, new.secret)
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        telling.verified(peer, 1, old.secret)


async def test_no_third_secret_lives_even_if_eight_ask_at_once(
    db: database.Database, ring: vault.Vault, coalition: factories.Coalition, owner: Connection
) -> None:
    rosa = await coalition.merchant()
    async with peers.serve() as peer:
        given = await telling.endpoint(db, ring, peer, rosa)
    rotation: dict[str, Any] = {"merchant_id": rosa, "endpoint_id": given.endpoint.endpoint_id}

    asked = await asyncio.gather(
        *(endpoints.rotate(db, ring, request_id=ids.new(), **rotation) for _ in range(8)),
        return_exceptions=True,
    )
    key = ids.new()
    leaked = await endpoints.rotate(db, ring, request_id=key, overlap=timedelta(0), **rotation)
    again = await endpoints.rotate(db, ring, request_id=key, overlap=timedelta(0), **rotation)

    made = [one for one in asked if isinstance(one, endpoints.Given)]
    assert (1, 7) == (len(made), sum("two live secrets" in str(one) for one in asked))
    assert [leaked.secret] == await endpoints.signing(
        db, ring, given.endpoint.endpoint_id, now=datetime.now(UTC)
    )
    assert (None, True) == (again.secret, again.replayed)
    stored = await owner.fetch("select sealed from partner.endpoint_secret")
    assert not any(b"whsec_" in row["sealed"] for row in stored)
