"""The adapter that docs/partners.md writes keeps the contract, and adapters that break it fail."""

import re
from pathlib import Path

import pytest

from partners import magic

pytest_plugins = ("pytester",)
PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "partners.md"
QUIET = ("-p", "no:cacheprovider", "-p", "no:asyncio")
FILES = re.compile(r"^```python file=(\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

# Each breaks one promise, and says which test must see it.
BROKEN = {
    "test_the_same_order_twice_is_what_the_declared_idempotency_says": """
class Forgetful(Corner):
    async def issue(self, order):
        return self._result(await post(self, {**card(order), "code": f"{order.code}{len(CARDS)}"}))
""",
    "test_what_was_issued_is_found_and_what_never_was_is_absent": """
class Blind(Corner):
    async def find(self, order):
        return adapter.Absent()
""",
    "test_a_fault_while_issuing_is_answered_by_what_can_be_known": """
class Hasty(Corner):
    async def issue(self, order):
        result = await super().issue(order)
        return adapter.Refused("no") if isinstance(result, adapter.Unknown) else result
""",
    "test_a_fault_while_looking_is_never_an_absence": """
class Sure(Corner):
    async def find(self, order):
        found = await super().find(order)
        return adapter.Absent() if isinstance(found, adapter.Unknown) else found
""",
    "test_an_order_is_issued_once_and_for_exactly_its_amount": """
class Floating(Corner):
    async def issue(self, order):
        cents = int(float(f"{order.money.amount_minor / 100:.2f}") * 100)
        return self._result(await post(self, {**card(order), "cents": cents}))
""",
    "test_a_fault_while_taking_back_is_answered_by_what_can_be_known": """
class Raising(Corner):
    async def reverse(self, order, receipt):
        answer = await self._http.post(f"{self._address}/cards/{receipt.ref}/void")
        return adapter.Issued(msgspec.json.decode(answer.content, type=Card).receipt())
""",
    "test_no_secret_and_no_code_is_shown": """
class Talking(Corner):
    async def issue(self, order):
        logging.getLogger("talking").info("issuing %s", order.code)
        return await super().issue(order)
""",
    "test_the_class_can_be_used_by_the_product": """
class Loose(Corner):
    class Config(msgspec.Struct):
        address: str
""",
    "test_a_message_is_believed_by_its_signature_alone": """
class Trusting(Corner):
    def events(self, delivery):
        return []
""",
    "test_a_refusal_of_the_partners_is_refused_and_issues_nothing": """
class Doubting(Corner):
    async def issue(self, order):
        result = await super().issue(order)
        return adapter.Unknown("no") if isinstance(result, adapter.Refused) else result
""",
    "test_the_list_of_a_span_has_what_was_issued_in_it": """
class Boasting(Corner):
    caps = dataclasses.replace(Corner.caps, lists=True)
""",
}
HEAD = """
import dataclasses
import logging

import msgspec

from corner import Card, Corner
from partners import adapter, faults
from partners.conformance import contract
from test_corner import CARDS, CornerSubject


def card(order):
    return {"code": order.code, "cents": order.money.amount_minor, "reference": order.key}


async def post(self, card):
    return await faults.ask(self._http, "POST", f"{self._address}/cards", json=card)
"""


@pytest.fixture
def written(pytester: pytest.Pytester) -> pytest.Pytester:
    """A folder with the files that the page shows."""
    for name, code in FILES.findall(PAGE.read_text(encoding="utf-8")):
        (pytester.path / name).write_text(code, encoding="utf-8")
    pytester.syspathinsert()
    return pytester


def test_the_worked_example_keeps_the_contract(written: pytest.Pytester) -> None:
    of_a_class = written.inline_run("test_corner.py", *QUIET)
    named = written.inline_run(
        *("-p", "partners.conformance", "--adapter-subject", "test_corner:CornerSubject"),
        *QUIET,
    )

    passed, skipped, failed = of_a_class.countoutcomes()
    assert (0, 0) == (skipped, failed)
    assert passed > 50
    assert [passed, 0, 0] == named.countoutcomes()


def test_an_adapter_that_breaks_a_promise_fails_the_test_of_that_promise(
    written: pytest.Pytester,
) -> None:
    code = HEAD
    for broken in BROKEN.values():
        name = re.findall(r"class (\w+)\(Corner\)", broken)[0]
        code += f"{broken}\n\nclass {name}Subject(CornerSubject):\n    adapter_class = {name}\n"
        code += f"\n\nclass Test{name}(contract.Contract):\n    subject = {name}Subject()\n"
    (written.path / "test_broken.py").write_text(code, encoding="utf-8")

    _, _, failed = written.inline_run("test_broken.py", *QUIET).listoutcomes()

    caught = {
        (report.nodeid.split("::")[1], report.nodeid.split("::")[2].partition("[")[0])
        for report in failed
    }
    expected = {
        (f"Test{re.findall(r'class (.*?)[(]Corner', broken)[0]}", test)
        for test, broken in BROKEN.items()
    }
    assert set() == expected - caught


def test_the_page_shows_the_magic_of_every_amount() -> None:
    rows = re.findall(r"^\| (\d\d) \| (\w+) \| (.*?) \| (\w*) ?\|$", PAGE.read_text(), re.MULTILINE)

    assert rows == [
        (f"{cents:02}", spell.asked, spell.about, "always" if spell.always else "")
        for cents, spell in magic.MAGIC.items()
    ]
