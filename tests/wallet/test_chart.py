"""The chart in the database: the check of every transfer knows the movements of the rules."""

from tests.conftest import Connection
from wallet.rules import chart


async def test_the_database_permits_the_movements_of_the_chart_and_no_other(
    owner: Connection,
) -> None:
    kinds = sorted({kind for owned in chart.KINDS.values() for kind in owned})
    codes = [*(one.code for one in chart.CHART), "gift"]

    permitted = await owner.fetch(
        "select code, debit_kind, credit_kind from unnest($1::text[]) code,"
        " unnest($2::text[]) debit_kind, unnest($2::text[]) credit_kind"
        " where ledger.charted(code, debit_kind, credit_kind)",
        codes,
        kinds,
    )

    expected = {(one.code, one.debit_kind, one.credit_kind) for one in chart.CHART}
    assert expected == {tuple(row) for row in permitted}


async def test_every_transfer_is_checked_against_the_chart(owner: Connection) -> None:
    check = await owner.fetchval(
        "select pg_get_constraintdef(oid) from pg_constraint where conname = 'transfer_charted'"
    )

    assert "CHECK (ledger.charted(code, debit_kind, credit_kind))" == check
