"""What tests of partners may ask for: the demo partner, one process for each module."""

from collections.abc import Iterator

import pytest

from tests.partners import demo


@pytest.fixture(scope="module")
def demo_partner() -> Iterator[demo.Partner]:
    """The demo partner in a process of its own; every shop name is a shop of its own."""
    with demo.started() as partner:
        yield partner
