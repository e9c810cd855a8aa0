"""Fixtures of the plumbing's tests."""

from collections.abc import Iterator

import pytest

from tests.support.lines import Lines, logged


@pytest.fixture
def written() -> Iterator[Lines]:
    """What is logged meanwhile, as the service `shop`."""
    with logged() as lines:
        yield lines
