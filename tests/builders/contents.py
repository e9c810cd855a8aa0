"""Contents of mails, with something in every field."""

from collections.abc import Iterator
from datetime import datetime
from enum import Enum
from typing import get_type_hints

from services.notify.tellings.contents import (
    LINKED,
    REPUDIABLE,
    Content,
    PracticeCommunication,
)
from shared.contracts.identity import (
    DeviceEnd,
    LogOnAlert,
    MergeRefusal,
    ResetRoute,
    ReviewRefusal,
    TwoStepMode,
)
from shared.contracts.notify import Topic
from tests.support.clock import START

SAMPLES = {
    str: "Elm Street",
    int: 60,
    bool: True,
    datetime: START,
    Topic: Topic.HEALTH_RECORD,
    ResetRoute: ResetRoute.LINK,
    MergeRefusal: MergeRefusal.PROOF_STALE,
    ReviewRefusal: ReviewRefusal.REJECTED,
    TwoStepMode: TwoStepMode.NEW_DEVICES,
    DeviceEnd: DeviceEnd.HOLDER,
    LogOnAlert: LogOnAlert.NEW_DEVICE,
}

#: the mails with a link that can be pasted on a page: that which they are for, or the one that says
#: that a change was somebody else's (RC-9)
WITH_PAGE = LINKED | REPUDIABLE
#: those, and the ones with the link that stops such mails (NT-7)
WITH_LINK = WITH_PAGE | {PracticeCommunication}


def sample(kind: type[Content], **changed: object) -> Content:
    """A content with something in every field."""
    hints = get_type_hints(kind)
    fields = {name: SAMPLES[hints[name]] for name in kind.__struct_fields__}
    return kind(**{**fields, **changed})


def samples(kind: type[Content]) -> Iterator[tuple[str, Content]]:
    """Each that reads another way: one, or one for each word of its own and for what is not so;
    with what it is about.
    """
    hints = get_type_hints(kind)
    words = {name: hints[name] for name in kind.__struct_fields__ if issubclass(hints[name], Enum)}
    if not words:
        yield "", sample(kind)
    for name, choices in words.items():
        yield from ((str(word), sample(kind, **{name: word})) for word in choices)
    for name in kind.__struct_fields__:
        if hints[name] is bool:
            yield f"not-{name.replace('_', '-')}", sample(kind, **{name: False})
