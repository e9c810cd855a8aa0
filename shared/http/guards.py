"""Guards: who may call a verb, and as whom its handler sees them."""

from dataclasses import dataclass
from enum import Enum
from typing import Protocol, TypeVar

from shared.contracts.reach import SessionScope
from shared.contracts.scopes import Scope
from shared.http.problems import ScopeMissing, SessionScopeMissing
from shared.trust.access import Anonymous, Caller, ClientCaller, PracticeCaller, SessionCaller

C_co = TypeVar("C_co", bound=Caller, covariant=True)


class Counted(Enum):
    """What a verb adds to its source's budget (LG-4), and what a used up budget does to it.

    What was done is told under each of them.
    """

    #: past the budget nothing is worked at; where a secret can be guessed the verb itself keeps a
    #: right guess back, before it commits (SourceBudget.used_up)
    REFUSALS = "refusals"
    MISSES = "misses"  #: success rests on a secret beyond guessing, and is always told
    EVERY_REQUEST = "every request"  #: the verb always answers the same, hit and miss alike
    NOTHING = "nothing"  #: nothing can be guessed at it


class Guard(Protocol[C_co]):
    """Lets in callers of one kind, so that a handler never asks who is there."""

    @property
    def counted(self) -> Counted: ...

    def admit(self, caller: Caller) -> C_co:
        """Return the caller as the handler is given it. Raises ScopeMissing."""


@dataclass(frozen=True, slots=True)
class Public:
    """Anybody may call; what the client is told counts on its source."""

    counted: Counted = Counted.REFUSALS

    def admit(self, _: Caller) -> Anonymous:
        return Anonymous()


@dataclass(frozen=True, slots=True)
class Session:
    """A person with a live session; a verb at which a secret can be guessed counts refusals too.

    It must be a full one, unless the verb is for others `also` (SE-4). `gate` is the one at which
    alone a verb is for who has a gate open: who stands at another one before it has not come so
    far (LG-3).
    """

    counted: Counted = Counted.NOTHING
    also: tuple[SessionScope, ...] = ()
    gate: str = ""

    @property
    def scopes(self) -> tuple[SessionScope, ...]:
        """The sessions that the verb takes."""
        return (SessionScope.FULL, *self.also)

    def admit(self, caller: Caller) -> SessionCaller:
        if not isinstance(caller, SessionCaller):
            raise ScopeMissing
        elsewhere = caller.scope is SessionScope.GATES and caller.gate != self.gate
        if caller.scope not in self.scopes or (self.gate and elsewhere):
            raise SessionScopeMissing
        return caller


@dataclass(frozen=True, slots=True)
class Client:
    """Any client whose token has this scope, a practice's or a gateway's."""

    scope: Scope
    basic: bool = False  # its id and secret do as well as its token

    @property
    def counted(self) -> Counted:
        """A client is somebody known: nothing counts on the source."""
        return Counted.NOTHING

    def admit(self, caller: Caller) -> ClientCaller:
        if not isinstance(caller, ClientCaller) or self.scope not in caller.scopes:
            raise ScopeMissing
        return caller


@dataclass(frozen=True, slots=True)
class Practice(Client):
    """The same of a client that belongs to a practice: what it reaches is that practice's own."""

    def admit(self, caller: Caller) -> PracticeCaller:
        client = Client.admit(self, caller)
        if client.practice_id is None:
            raise ScopeMissing
        return PracticeCaller(
            client_id=client.client_id,
            practice_id=client.practice_id,
            scopes=client.scopes,
            audience=client.audience,
        )


@dataclass(frozen=True, slots=True)
class Staff(Practice):
    """The same for a verb of the desk, whose body says who stands there and why (ST-1).

    Its body extends StaffBody, and both are in the origin that its handler is given.
    """


AnyGuard = Public | Session | Client
