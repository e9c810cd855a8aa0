"""What a published event is: its owner, its name, its version and the shape of its data."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Generic, TypeVar, get_type_hints

import msgspec

PREFIX = "portico."
HIGHEST = 2**63 - 1  # of a version: PostgreSQL's bigint

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
"""A time with its zone: one without cannot be compared with another."""

Version = Annotated[int, msgspec.Meta(ge=0, le=HIGHEST)]

F = TypeVar("F")
IN_MAIL = "in mail"
InMail = Annotated[F, IN_MAIL]
"""A field that the mail of a plain event prints (NT-4). What is not marked is for services only."""


class Data(msgspec.Struct, frozen=True, kw_only=True):
    """The data of an event, read tolerantly; only optional fields are ever added."""


E = TypeVar("E", bound=Data)


def in_mail(data: type[Data]) -> tuple[str, ...]:
    """Return the names of the fields that are marked so, in their order."""
    hints: dict[str, Any] = get_type_hints(data, include_extras=True)
    return tuple(
        name
        for name in data.__struct_fields__
        if IN_MAIL in getattr(hints[name], "__metadata__", ())
    )


class Kind(StrEnum):
    """How a consumer may treat an event."""

    SNAPSHOT = "snapshot"  #: state + version: applied only if newer
    ACTIVITY = "activity"  #: happened once; told to the person (account activity, NT-1)
    STEP = "step"  #: takes effect once for an id of its own, such as a saga's (MG-9)
    LISTING = "listing"  #: what there is between two subjects, told for a projection's rebuild


@dataclass(frozen=True, slots=True)
class Contract(Generic[E]):
    """One version of one event; an incompatible change is a new version beside the old."""

    owner: str  # the one service that publishes it
    name: str
    data: type[E]
    kind: Kind
    version: int = 1

    @property
    def routing_key(self) -> str:
        """The key on the owner's topic exchange: the type without the prefix."""
        return f"{self.owner}.{self.name}.v{self.version}"

    @property
    def type(self) -> str:
        """The CloudEvents `type`."""
        return PREFIX + self.routing_key
