"""Random steps, each answered by the books and by a plain model: they must agree.

After every step the answers, every face and every lot are compared, and all laws hold. For a long
run set COMMONPURSE_MODEL_EXAMPLES.
"""

import asyncio
import itertools
import os
from typing import Final

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests import copies
from tests.wallet import machine

EXAMPLES: Final = int(os.environ.get("COMMONPURSE_MODEL_EXAMPLES", "18"))
STEPS: Final = 50


def test_the_books_answer_and_keep_what_a_plain_model_does(server: str, template: str) -> None:
    names = (f"{template}_model_{number}" for number in itertools.count())
    made: list[str] = []

    def execute(statement: str) -> None:
        asyncio.run(copies.execute(server, statement))

    def new_database() -> str:
        while made:
            execute(f"drop database {made.pop()} with (force)")
        made.append(next(names))
        execute(copies.copying(made[0], template))
        return copies.at(server, made[0])

    machine.Books.new_database = staticmethod(new_database)
    machine.counted.clear()
    try:
        run_state_machine_as_test(
            machine.Books,
            settings=settings(
                max_examples=EXAMPLES,
                stateful_step_count=STEPS,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        if made:
            execute(f"drop database {made.pop()} with (force)")

    # A machine that is only ever told yes, or only no, would prove little.
    total = machine.counted.total()
    assert machine.counted["posted"] > total // 5
    assert machine.counted["refused"] > total // 10
    assert machine.counted["replayed"] > total // 50
