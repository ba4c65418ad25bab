"""The suite for a subject that is named on the command line, for whoever wants no test file."""

import pytest

from partners import conformance
from partners.conformance import contract


class TestAdapter(contract.Contract):
    """All of the contract."""

    @pytest.fixture(autouse=True)
    def _of_the_command_line(self, pytestconfig: pytest.Config) -> None:
        self.subject = conformance.chosen(pytestconfig)
