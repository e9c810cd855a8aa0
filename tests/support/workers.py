"""How the tests are dealt out to the workers of `make test`."""

from xdist.scheduler import LoadScopeScheduling

ON_STACKS = ("tests/e2e/", "tests/fault/")


class ByFile(LoadScopeScheduling):  # type: ignore[misc]
    """A file's tests stay in one worker, and whoever needs all four services in the same one.

    So the two stacks come up one after the other, once; that takes the longest, so it comes first.
    """

    def _split_scope(self, nodeid: str) -> str:
        return "stacks" if nodeid.startswith(ON_STACKS) else nodeid.partition("::")[0]
