"""What the desk's pages have at hand, and who may see them."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from uuid import UUID

import msgspec

from deploy.gateway.doors.practice import ByStaff, Client, PracticeSystem
from deploy.gateway.doors.records import Records
from deploy.gateway.doors.requests import Decisions
from deploy.gateway.doors.reviews import Reviews
from deploy.gateway.web.languages import N_
from deploy.gateway.web.routes import Guard, Tools
from deploy.gateway.web.visits import Elsewhere, Visit
from shared.settings.values import Secret

COOKIE = "portico-desk"
RECENT = 12  # patients that a cookie remembers, so that the next click finds them


class Known(msgspec.Struct, frozen=True):
    """A patient this desk has had before it."""

    patient_id: str
    name: str


class AtDesk(msgspec.Struct, frozen=True, kw_only=True):
    """Who sits at the desk, and for which practice."""

    practice: str
    time_zone: str = "UTC"
    client_id: str
    client_secret: str
    staff_id: str
    recent: tuple[Known, ...] = ()

    @property
    def client(self) -> Client:
        """Return the practice's client."""
        return Client(client_id=self.client_id, client_secret=self.client_secret)

    def staff(self, reason: str) -> ByStaff:
        """Say who does it, and why."""
        return ByStaff(staff_id=self.staff_id, reason=reason)


@dataclass(slots=True, kw_only=True)
class Staffed(Visit):
    """A visit of somebody who sits at the desk."""

    desk: AtDesk

    def name_of(self, patient_id: str) -> str:
        """Name a patient that was here before."""
        names = [known.name for known in self.desk.recent if known.patient_id == patient_id]
        return names[0] if names else self.say(N_("A patient"))


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoPractice:
    """A practice that the stack has made, offered at the log-on."""

    name: str
    client: Client

    @classmethod
    def read(cls, secret: Secret) -> "DemoPractice":
        """Read `name|client id|client secret`."""
        name, client_id, client_secret = secret.reveal().split("|")
        return cls(name=name, client=Client(client_id=client_id, client_secret=client_secret))


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk(Tools):
    """The desk."""

    system: PracticeSystem
    records: Records
    decisions: Decisions
    reviews: Reviews
    practices: tuple[DemoPractice, ...]
    portal_url: str

    def sit(self, visit: Visit, desk: AtDesk) -> None:
        """Keep who sits here; it goes with the browser's session."""
        visit.jar.seal(COOKIE, desk, seconds=None)

    def remember(self, visit: Staffed, patient_id: str, name: str) -> None:
        """Keep whom this desk has before it in front of the others."""
        others = [known for known in visit.desk.recent if known.patient_id != patient_id]
        visit.desk = msgspec.structs.replace(
            visit.desk, recent=(Known(patient_id, name[:60]), *others)[:RECENT]
        )
        self.sit(visit, visit.desk)


async def anybody(desk: Desk, visit: Visit) -> Visit:
    """Let everybody in: this is a development stack."""
    return visit


async def staff(desk: Desk, visit: Visit) -> Staffed:
    """Let in who has said which practice and who they are. Raises Elsewhere."""
    sits = visit.jar.record(COOKIE, AtDesk)
    if sits is None:
        raise Elsewhere("/")
    given = {each.name: getattr(visit, each.name) for each in fields(Visit)}
    return Staffed(**{**given, "logged_on": True}, desk=sits)


ANYBODY: Guard[Desk, Visit] = Guard(name="anybody", admit=anybody)
STAFF: Guard[Desk, Staffed] = Guard(name="staff", admit=staff)


def an_id(query: Mapping[str, str], name: str) -> str | None:
    """Read an id of the address; what is none is as if it were not there."""
    try:
        return str(UUID(query.get(name, "")))
    except ValueError:
        return None
