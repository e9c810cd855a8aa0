"""The one door to structlog: a JSON line an event, and only keys that this module lets through.

No personal data and no secret is ever logged: a key that is not in KEYS is dropped and named in
`dropped`; an exception is told by its type and the places it passed, never by its text, because
drivers quote values in theirs.
"""

import io
import json
import logging
import sys
import traceback
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum
from types import TracebackType
from typing import Any, TextIO, cast
from uuid import UUID

import structlog
from structlog.contextvars import bound_contextvars, get_contextvars, merge_contextvars

from shared.errors import DatabaseUnavailable

KEYS = frozenset(
    {
        "event",
        "level",
        "timestamp",
        "service",
        "logger",
        "correlation_id",
        "attempt",
        "caller_correlation_id",
        "channel",
        "check",
        "checks",
        "code",
        "count",
        "delay_seconds",
        "delivery_id",
        "duration_ms",
        "error",
        "event_id",
        "event_type",
        "exchange",
        "host",
        "http_port",
        "kid",
        "loop",
        "message_class",
        "metrics_port",
        "notice_id",
        "offset_seconds",
        "operation",
        "outcome",
        "phase",
        "queue",
        "reason",
        "setting",
        "signal",
        "smtp_code",
        "state",
        "status",
        "template",
        "threshold",
        "trace",
        "traceparent",
        "verb",
        "version",
    }
)
RENDER = json.JSONEncoder().encode  # made once: JSONRenderer makes one a line
LONGEST_TEXT = 300
FRAMES = 8
STORY = "correlation_id: "  # of a note that an error carries

EventDict = MutableMapping[str, Any]


@dataclass(frozen=True, slots=True)
class Log:
    """What a module logs with: a constant event name, and fields whose keys stand in KEYS.

    structlog keeps the initial value `logger` for itself.
    """

    name: str

    def debug(self, event: str, /, **fields: object) -> None:
        structlog.get_logger().debug(event, logger=self.name, **fields)

    def info(self, event: str, /, **fields: object) -> None:
        structlog.get_logger().info(event, logger=self.name, **fields)

    def warning(self, event: str, /, **fields: object) -> None:
        structlog.get_logger().warning(event, logger=self.name, **fields)

    def error(self, event: str, /, **fields: object) -> None:
        structlog.get_logger().error(event, logger=self.name, **fields)


def logger(name: str) -> Log:
    """Return a logger that goes by the configuration of the moment, not of its import."""
    return Log(name)


def configure(service: str, level: str, stream: TextIO | None = None) -> None:
    """Send everything, libraries' own warnings too, to `stream` (stdout) as JSON lines."""
    number = logging.getLevelNamesMapping()[level.upper()]

    def name_service(_: Any, __: str, event: EventDict) -> EventDict:
        event["service"] = service
        return event

    structlog.configure(
        processors=[
            merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            name_service,
            let_through,
            rendered,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(
            file=cast(TextIO, Unbreakable(stream or sys.stdout))
        ),
        cache_logger_on_first_use=False,
    )
    libraries = logging.getLogger()
    libraries.handlers[:] = [LibraryLines()]
    libraries.setLevel(max(number, logging.WARNING))


def let_through(_: Any, __: str, event: EventDict) -> EventDict:
    """Keep the keys of the allow-list; name the others, without their values."""
    kept: EventDict = {}
    for key, value in event.items():
        if key == "error" and isinstance(value, BaseException):
            kept["error"] = type(value).__name__
            if isinstance(value, DatabaseUnavailable):
                kept.setdefault("reason", str(value))  # our own words: database_causes
            kept["trace"] = places(value.__traceback__)
            if "correlation_id" not in event and (story := story_of(value)) is not None:
                kept["correlation_id"] = story
        elif key in KEYS:
            kept[key] = plain(value)
    dropped = sorted(key for key in event if key not in KEYS)
    if dropped:
        kept["dropped"] = dropped
    return kept


def rendered(_: Any, __: str, event: EventDict) -> str:
    """Write the line."""
    return RENDER(event)


def plain(value: object) -> object:
    """Turn a value into what JSON can hold; anything unexpected is told by its type only."""
    if type(value) is str and len(value) <= LONGEST_TEXT:  # most are, so they are asked for first
        return value
    match value:
        case None | bool() | int() | float():
            return value
        case Enum():
            return plain(value.value)
        case UUID():
            return str(value)
        case str():
            return value if len(value) <= LONGEST_TEXT else value[:LONGEST_TEXT] + "…"
        case list() | tuple():
            return [plain(item) for item in value]
        case set() | frozenset():
            return sorted(str(plain(item)) for item in value)
        case _:
            return f"<{type(value).__name__}>"


def places(trace: TracebackType | None) -> list[str]:
    """Name the innermost places an exception passed, without source text or values."""
    frames = traceback.extract_tb(trace)[-FRAMES:]
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]


@contextmanager
def correlated(*correlation_ids: UUID, traceparent: str | None = None) -> Iterator[None]:
    """Put on every line logged inside whose story it belongs to, and on errors that leave.

    Work for several at once has a list of them there: who looks for one person's finds it. An
    error is logged where it ends, in a loop that knows no story, so it takes its own along.
    """
    told = [str(one) for one in dict.fromkeys(correlation_ids)]
    fields: dict[str, object] = {"correlation_id": told[0] if len(told) == 1 else told}
    if traceparent is not None:
        fields["traceparent"] = traceparent
    try:
        with bound_contextvars(**fields if told else {}):
            yield
    except Exception as error:
        if told and story_of(error) is None:
            error.add_note(STORY + " ".join(told))
        raise


def story_of(error: BaseException) -> str | list[str] | None:
    """Return the correlation id, or ids, of the work that this error or its cause broke."""
    cause: BaseException | None = error
    while cause is not None:
        for note in getattr(cause, "__notes__", ()):
            if note.startswith(STORY):
                told: list[str] = note.removeprefix(STORY).split()
                return told[0] if len(told) == 1 else told
        cause = cause.__cause__
    return None


@contextmanager
def about(**fields: UUID) -> Iterator[None]:
    """Put these on every line logged inside."""
    with bound_contextvars(**{name: str(value) for name, value in fields.items()}):
        yield


def correlation_id() -> UUID | None:
    """Return the correlation id of what is being worked on, if it is one."""
    found = get_contextvars().get("correlation_id")
    return UUID(found) if isinstance(found, str) else None


class Unbreakable(io.TextIOBase):
    """A reader that has gone, or a full disk, costs lines and never a request."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with suppress(OSError, ValueError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self._stream.flush()

    def close(self) -> None:
        """The stream is its owner's to close, also when this is collected at the program's end."""


class LibraryLines(logging.Handler):
    """Lines of libraries: their message template only, since their arguments may hold anything."""

    def emit(self, record: logging.LogRecord) -> None:
        template = str(record.msg).splitlines()[:1]
        error = record.exc_info[1] if record.exc_info else None
        fields: dict[str, object] = {"reason": template[0] if template else ""}
        if error is not None:
            fields["error"] = error
        log = Log(record.name)
        tell = log.error if record.levelno >= logging.ERROR else log.warning
        tell("library", **fields)
