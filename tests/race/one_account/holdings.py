"""What the two hold of the account, each as whoever has it knows it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from deploy.tour.authenticator import Key
from shared.contracts.merge import MergeRequested

EVERY_LOG_ON, NEW_DEVICES = "every-log-on", "new-devices"


@dataclass(slots=True, kw_only=True, eq=False)
class Device:
    """Where somebody logs on from: known, until it is void."""

    actor: str
    name: str
    secret: str
    failures: int = 0
    void: bool = False
    trusted: int | None = None  # how often credentials had changed as a code was to be spared
    trusted_at: datetime | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class Passkey:
    """One that an authenticator keeps."""

    actor: str
    id: str
    key: Key
    suspended: bool = False
    ended: bool = False

    @property
    def counts(self) -> bool:
        """Whether it opens what a passkey opens."""
        return not self.ended and not self.suspended


@dataclass(slots=True, kw_only=True, eq=False)
class Seat:
    """A session, as whoever began it knows it."""

    id: str
    actor: str
    access: str
    refresh: str
    full: bool  # past its second step: full, unless another gate is open or no practice is left
    by: str  # what began it, before any second step
    name: str  # of the device, as it was said
    device: Device | None  # None: it waits for a code where nobody was before
    passkey: Passkey | None  # that it began with
    began: datetime  # when a password or passkey opened it
    started: datetime
    until: datetime
    issued: datetime
    refreshed: datetime
    rotated: datetime | None = None  # when the refresh token of now was handed out
    narrowed: datetime | None = None
    spent: list[str] = field(default_factory=list)  # refresh tokens that were used
    ended: bool = False
    over: str = ""  # the access token of which it was seen that it is over


@dataclass(slots=True, kw_only=True, eq=False)
class App:
    """An authenticator app, in the hands of whoever set it up."""

    owner: str
    secret: str
    last: int


@dataclass(slots=True, kw_only=True, eq=False)
class TwoStep:
    """The second step, while it is on; the recovery codes are whose session made them."""

    owner: str
    codes: list[str]
    app: App | None = None
    mode: str = EVERY_LOG_ON


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What is given where a second step is asked for, and whether it is good."""

    said: dict[str, Any]
    good: bool
    passkey: Passkey | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class Proof:
    """A grant: for a change in a session, or for a reset."""

    text: str
    actor: str
    change: str
    at: datetime
    credentials: int
    seat: Seat | None = None
    route: str = ""  # of a reset
    spent: bool = False


@dataclass(slots=True, kw_only=True, eq=False)
class Link:
    """What was mailed to verify an address."""

    text: str
    address: str
    at: datetime
    used: bool = False


@dataclass(slots=True, kw_only=True, eq=False)
class FiveQuestions:
    """What recovery has set, and its receipt; of before a freeze they are void."""

    id: UUID
    receipt: str
    version: int  # of the account, as recovery knows it
    freezes: int
    at: datetime
    heard: bool = False


@dataclass(slots=True, kw_only=True, eq=False)
class NotMe:
    """What was mailed with a change of credentials."""

    text: str
    at: datetime
    tries: int = 0
    used: bool = False


@dataclass(slots=True, kw_only=True, eq=False)
class Merge:
    """One that was asked for, both accounts proven: this one goes on in `seat`, or is absorbed."""

    request: MergeRequested
    credentials: int
    seat: Seat | None
    at: datetime  # of the older one of both proofs
    spent: bool = False
