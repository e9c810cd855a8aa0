"""What comes next on the way in (LG-3): one table, pure."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from deploy.gateway.doors.identity import Gate

EMAIL = "account-email"
PAGES: Mapping[str, str] = MappingProxyType({EMAIL: "/gate/e-mail"})
"""Each gate's page; their order is LG-3's, that of identity's own list. A gate without a page is
one of a release that this gateway does not know yet: it is passed by, and a verb that insists on
it says so.
"""
ALWAYS = frozenset({"/log-off", "/language", "/session/keep", "/session/ends"})


def next_page(gates: Iterable[Gate], skipped: Iterable[str], *, wanted: str) -> str:
    """Name the page that comes next: the first open gate's, else what was wanted."""
    passed = frozenset(skipped)
    for gate in gates:
        if gate.name in PAGES and (gate.required or gate.name not in passed):
            return PAGES[gate.name]
    return wanted


def barred(gates: Iterable[Gate], path: str) -> str | None:
    """Name the page that comes before this one; an offered gate comes before none."""
    for gate in gates:
        if gate.required and gate.name in PAGES:
            own = PAGES[gate.name]
            return None if path.startswith(own) or path in ALWAYS else own
    return None
