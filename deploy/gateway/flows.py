"""What is carried from page to page: sealed in cookies, a kind each, for an hour at most.

A browser has one flow of a kind, however many tabs it has. Its id stands in the forms that go on
with it: a form of a flow that another tab has begun anew since is not taken for the new one's.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar, TypeVar
from unicodedata import normalize

import msgspec

from deploy.gateway.doors.identity import EnrolmentProof
from deploy.gateway.web.languages import N_
from deploy.gateway.web.visits import Elsewhere, Visit

HOUR = timedelta(hours=1)
FIVE_MINUTES = timedelta(minutes=5)


class Flow(msgspec.Struct, frozen=True, kw_only=True):
    """`sealed_at` is inside: a browser that keeps a cookie too long gains nothing by it."""

    id: str = ""
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
    def adds(self) -> bool:
        """Whether the practice may be added to an account by it; what is temporary is for a new one
        alone (EN-2).
        """
        return self.proof.username is None

    @property
    def ready(self) -> bool:
        """Whether only username and password are left."""
        return self.terms_version is not None and (self.email is not None or self.no_email)


class ResetFlow(Flow, frozen=True, kw_only=True):
    """A forgotten password: the name that was typed, and once it is proven, the grant, whose, and
    where it leads; before that, where one's address is asked for, the four to choose from.
    """

    name: str = ""
    is_username: bool = False  # said to be one; else it may be an account e-mail
    challenge: str | None = None
    addresses: tuple[str, ...] = ()
    grant: str | None = None
    username: str = ""
    ends: str = ""

    @property
    def typed_username(self) -> str:
        """The name, but an address that may be an account e-mail: by that some ways find nobody."""
        return "" if "@" in normalize("NFKC", self.name) and not self.is_username else self.name


class LinkFlow(Flow, frozen=True, kw_only=True):
    """A verification link that waits for its holder to log on."""

    token: str


class AddressLinkFlow(Flow, frozen=True, kw_only=True):
    """The same of a notification address: it goes on by itself once its holder presses the button
    again, since a required gate may come before.
    """

    token: str


class MergeFlow(Flow, frozen=True, kw_only=True):
    """Proof of the other account, until the merge is confirmed."""

    owned: str
    name: str  # masked, as it was proven
    practices: str  # their names, cut short where they are many


class AppFlow(Flow, frozen=True, kw_only=True):
    """An authenticator app that is being set up, in one session: what it is shown until it shows a
    code, and whether there was none before it.
    """

    secret: str
    uri: str
    session_id: str
    first: bool = False


class Confirmed(Flow, frozen=True, kw_only=True):
    """A password that was given for one verb, until that is done."""

    verb: ClassVar[str]
    grant: str


class UsernameFlow(Confirmed, frozen=True, kw_only=True):
    verb = "username"


class PasswordFlow(Confirmed, frozen=True, kw_only=True):
    verb = "password"


class EmailFlow(Confirmed, frozen=True, kw_only=True):
    verb = "email"


class PasskeyFlow(Confirmed, frozen=True, kw_only=True):
    """Beside it the name of the passkey, once it may be made."""

    verb = "passkeys"
    name: str = ""


class QuestionsFlow(Confirmed, frozen=True, kw_only=True):
    verb = "questions"


class AddressFlow(Confirmed, frozen=True, kw_only=True):
    verb = "notification-address"


F = TypeVar("F", bound=Flow)


@dataclass(frozen=True, slots=True)
class Kind:
    """How a kind of flow is kept, and the page where it begins."""

    cookie: str
    life: timedelta
    begins: str


KINDS: dict[type[Flow], Kind] = {
    EnrolFlow: Kind("portico-flow-enrol", HOUR, "/enrol"),
    ResetFlow: Kind("portico-flow-reset", HOUR, "/forgot-password"),
    LinkFlow: Kind("portico-flow-link", HOUR, "/log-on"),
    AddressLinkFlow: Kind("portico-flow-address-link", HOUR, "/settings/notifications/verify"),
    MergeFlow: Kind("portico-flow-merge", FIVE_MINUTES, "/merge/other"),
    AppFlow: Kind("portico-flow-app", HOUR, "/settings/two-step/app"),
    UsernameFlow: Kind("portico-flow-username", FIVE_MINUTES, "/settings/username"),
    PasswordFlow: Kind("portico-flow-password", FIVE_MINUTES, "/settings/password"),
    EmailFlow: Kind("portico-flow-e-mail", FIVE_MINUTES, "/settings/e-mail"),
    PasskeyFlow: Kind("portico-flow-passkey", FIVE_MINUTES, "/settings/passkeys/add"),
    QuestionsFlow: Kind("portico-flow-questions", FIVE_MINUTES, "/settings/questions"),
    AddressFlow: Kind("portico-flow-address", FIVE_MINUTES, "/settings/notifications/addresses"),
}
SAID: dict[str, str] = {
    "anew": N_("You have begun this anew in another tab. Go on there, or begin again here."),
    "gone": N_("This cannot go on: too much time has gone by, or it is done. Please begin again."),
}


def carry(visit: Visit, flow: Flow) -> None:
    """Carry it on to the next page; one that just begins gets its id."""
    kind = KINDS[type(flow)]
    visit.flow = flow.id or str(visit.correlation_id)
    sealed = msgspec.structs.replace(flow, id=visit.flow, sealed_at=int(visit.now.timestamp()))
    visit.jar.seal(kind.cookie, sealed, seconds=int(kind.life.total_seconds()))


def carried(visit: Visit, kind: type[F]) -> F | None:
    """Return what was carried here; None where there is none, or it is too old."""
    kept = KINDS[kind]
    flow = visit.jar.record(kept.cookie, kind)
    if flow is None or visit.now > datetime.fromtimestamp(flow.sealed_at, UTC) + kept.life:
        return None
    return flow


def named(visit: Visit) -> ResetFlow:
    """Return the flow of a name that was typed. Raises Elsewhere, to the beginning."""
    flow = followed(visit, ResetFlow)
    if not flow.name:
        raise gone(ResetFlow)
    return flow


def shown(visit: Visit, kind: type[F]) -> F | None:
    """Return the flow that the form at hand is shown in, or was when it was sent; None where it
    was shown in none. Raises Elsewhere, to the beginning, where that one is no more.
    """
    flow = carried(visit, kind)
    if visit.flow is None:
        visit.flow = flow.id if flow else ""
    if not visit.flow:
        return None
    if flow is None:
        raise gone(kind)
    if flow.id != visit.flow:
        raise Elsewhere(f"{KINDS[kind].begins}?said=anew")
    return flow


def followed(visit: Visit, kind: type[F]) -> F:
    """Return the flow that a page cannot be without. Raises Elsewhere, to the beginning."""
    flow = shown(visit, kind)
    if flow is None:
        raise gone(kind)
    return flow


def gone(kind: type[Flow]) -> Elsewhere:
    """Lead to where a flow begins, which says why."""
    return Elsewhere(f"{KINDS[kind].begins}?said=gone")


def said(visit: Visit) -> str | None:
    """Say at the beginning why one is there again."""
    return visit.said(SAID)


def drop(visit: Visit, kind: type[Flow]) -> None:
    """Its end is reached, or it begins anew: the form that is shown next belongs to none."""
    visit.flow = ""
    visit.jar.delete(KINDS[kind].cookie)
