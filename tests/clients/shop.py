"""A merchant's server that speaks to the API through the generated client `wallet_client`.

It runs in the environment of the clients, from the folder in which the client was generated.
"""

import asyncio
import json
import sys
from typing import Any

import wallet_client as wallet


def purchase(given: dict[str, str], **changes: Any) -> dict[str, Any]:
    return {
        "idempotencyKey": "shop-purchase-0001",
        "memberId": given["member"],
        "reference": "H-48211",
        "currency": "EUR",
        "channel": "ONLINE",
        "purchasedAt": "2026-11-01T12:00:00Z",
        "lines": [{"number": 1, "category": "food", "amount": "100.00"}],
    } | changes


def shown(amount: Any) -> str:
    return f"{amount.amount} {amount.currency}"


async def main(given: dict[str, str]) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {given['token']}"}
    async with wallet.Client(url=given["url"], headers=headers) as client:
        basket = {
            name: value
            for name, value in purchase(given).items()
            if name not in {"idempotencyKey", "reference"}
        }
        preview = await client.purchase_preview(wallet.PurchasePreviewInput(**basket))
        first = await client.purchase_report(wallet.PurchaseReportInput(**purchase(given)))
        again = await client.purchase_report(wallet.PurchaseReportInput(**purchase(given)))
        other = await client.purchase_report(
            wallet.PurchaseReportInput(**purchase(given, channel="SHOP"))
        )
        try:
            client.get_data(await client.execute("{ nonsense }"))
            invalid = None
        except wallet.GraphQLClientHttpError as error:
            invalid = error.response.json()["errors"][0]["extensions"]["code"]
    (refusal,) = other.purchase_report.errors
    return {
        "promised": shown(preview.purchase_preview.preview.credited),
        "credited": shown(first.purchase_report.purchase.credited),
        "replayed": [first.purchase_report.replayed, again.purchase_report.replayed],
        "refused": [refusal.typename__, refusal.code.value],
        "invalid": invalid,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(main(json.loads(sys.argv[1])))))
