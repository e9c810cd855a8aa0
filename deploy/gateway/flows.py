"""What is carried from page to page: sealed in cookies, a kind each, for an hour at most."""

from datetime import UTC, datetime, timedelta
from typing import TypeVar

import msgspec

from deploy.gateway.doors.identity import EnrolmentProof
from deploy.gateway.web.visits import Visit

HOUR = timedelta(hours=1)
FIVE_MINUTES = timedelta(minutes=5)


class Flow(msgspec.Struct, frozen=True, kw_only=True):
    """`sealed_at` is inside: a browser that keeps a cookie too long gains nothing by it."""

    sealed_at: int = 0


class EnrolFlow(Flow, frozen=True, kw_only=True):
    """An enrolment under way: what was proven at the practice that is named, and its grant."""

    proof: EnrolmentProof
    practice: str
    grant: str
    good_until: int
    terms_version: str | None = None
    email: str | None = None
    no_email: bool = False

    @property
    def ready(self) -> bool:
        """Whether only username and password are left."""
        return self.terms_version is not None and (self.email is not None or self.no_email)


class ResetFlow(Flow, frozen=True, kw_only=True):
    """A forgotten password: the name that was typed, and once it is proven, the grant."""

    name: str = ""
    grant: str | None = None


class LinkFlow(Flow, frozen=True, kw_only=True):
    """A verification link that waits for its holder to log on."""

    token: str


class MergeFlow(Flow, frozen=True, kw_only=True):
    """Proof of the other account, until the merge is confirmed."""

    owned: str
    name: str


class UsernameFlow(Flow, frozen=True, kw_only=True):
    """A password that was given for another username, until one is taken."""

    grant: str


F = TypeVar("F", bound=Flow)

COOKIES: dict[type[Flow], tuple[str, timedelta]] = {
    EnrolFlow: ("portico-flow-enrol", HOUR),
    ResetFlow: ("portico-flow-reset", HOUR),
    LinkFlow: ("portico-flow-link", HOUR),
    MergeFlow: ("portico-flow-merge", FIVE_MINUTES),
    UsernameFlow: ("portico-flow-username", FIVE_MINUTES),
}


def carry(visit: Visit, flow: Flow) -> None:
    """Carry it on to the next page."""
    name, life = COOKIES[type(flow)]
    sealed = msgspec.structs.replace(flow, sealed_at=int(visit.now.timestamp()))
    visit.jar.seal(name, sealed, seconds=int(life.total_seconds()))


def carried(visit: Visit, kind: type[F]) -> F | None:
    """Return what was carried here; None where there is none, or it is too old."""
    name, life = COOKIES[kind]
    flow = visit.jar.record(name, kind)
    if flow is None or visit.now > datetime.fromtimestamp(flow.sealed_at, UTC) + life:
        return None
    return flow


def drop(visit: Visit, kind: type[Flow]) -> None:
    """Its end is reached, or it begins anew."""
    visit.jar.delete(COOKIES[kind][0])
