"""What comes next on the way in (LG-3, UN-4): one table, pure."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from deploy.gateway.doors.identity import Gate

SECOND_STEP = "second-step"
NEW_PASSWORD = "new-password"  # noqa: S105 - a gate, not a password
TERMS = "terms"
QUESTIONS = "questions"
EMAIL = "account-email"
TWO_STEP = "two-step"
PASSKEYS = "passkeys"
DISCLAIMERS = "disclaimers"
MERGE_OFFER = "/gate/merge"
AFTER_THE_OFFER = frozenset({DISCLAIMERS})
PAGES: Mapping[str, str] = MappingProxyType(
    {
        SECOND_STEP: "/gate/second-step",
        NEW_PASSWORD: "/gate/new-password",
        TERMS: "/gate/terms",
        QUESTIONS: "/gate/questions",
        EMAIL: "/gate/e-mail",
        TWO_STEP: "/gate/two-step",
        PASSKEYS: "/gate/passkeys",
        DISCLAIMERS: "/gate/disclaimers",
    }
)
"""Each gate's page; their order is LG-3's, that of identity's own list. A gate without a page is
one of a release that this gateway does not know yet: it is passed by, and a verb that insists on
it says so.
"""
CONFIRM = "/settings/confirm/passkey"  # of the script of every page that asks for the password
ALWAYS = frozenset({"/log-off", "/language", "/session/keep", "/session/ends", CONFIRM})
SETTINGS = "settings"  # the scope of a session without a practice
OUTSIDE = "/contact-your-practice"
OPEN_OUTSIDE = frozenset({OUTSIDE, "/settings", "/settings/practices/add", "/enrol/done"})


def next_page(gates: Iterable[Gate], *, scope: str, wanted: str) -> str:
    """Name the page that comes next: the first open gate's, else what was wanted."""
    for gate in gates:
        if gate.name in PAGES:
            return PAGES[gate.name]
    return OUTSIDE if scope == SETTINGS and wanted not in OPEN_OUTSIDE else wanted


def at_merge_offer(gates: Iterable[Gate], *, scope: str) -> bool:
    """Whether the merge offer comes next, if there is one: after all gates but the disclaimers.

    It is none of identity's gates: merge is asked whether to make it (LG-3, MG-7).
    """
    return scope != SETTINGS and all(
        gate.name in AFTER_THE_OFFER or gate.name not in PAGES for gate in gates
    )


def barred(gates: Iterable[Gate], path: str, *, scope: str) -> str | None:
    """Name the page that comes before this one; an offered gate comes before none."""
    if path in ALWAYS:
        return None
    for gate in gates:
        if gate.required and gate.name in PAGES:
            own = PAGES[gate.name]
            return None if path.startswith(own) else own
    return OUTSIDE if scope == SETTINGS and path not in OPEN_OUTSIDE else None
