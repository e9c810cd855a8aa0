"""How the tests are dealt out to the workers of `make test`."""

from collections import Counter
from collections.abc import Callable, Sequence

import pytest
from xdist.scheduler import LoadScopeScheduling

ON_STACKS = ("tests/e2e/", "tests/fault/")


class ByFile(LoadScopeScheduling):  # type: ignore[misc]
    """A file's tests stay in one worker, and whoever needs all four services in the same one.

    So the two stacks come up one after the other, once; that takes the longest, so it comes first.
    """

    def _split_scope(self, nodeid: str) -> str:
        return "stacks" if nodeid.startswith(ON_STACKS) else nodeid.partition("::")[0]


def place(
    items: Sequence[pytest.Item], needs_servers: Callable[[pytest.Item], bool]
) -> Callable[[pytest.Item], tuple[bool, bool, int]]:
    """Return the key that puts long files first: the short ones fill the workers' time at the end.

    The stacks come before all, and theirs stay in their order: each comes up once.
    """
    tests = Counter(item.path for item in items)
    with_servers = {item.path for item in items if needs_servers(item)}

    def key(item: pytest.Item) -> tuple[bool, bool, int]:
        if item.nodeid.startswith(ON_STACKS):
            return (False, False, 0)
        return (True, item.path not in with_servers, -tests[item.path])

    return key
