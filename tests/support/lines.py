"""What is logged meanwhile, as the lines of JSON they are."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog

from shared import logs


class Lines(io.StringIO):
    """A stream that logs are written to."""

    def read_back(self, event: str | None = None) -> list[dict[str, Any]]:
        """Return the lines, or those of one event."""
        found = [json.loads(line) for line in self.getvalue().splitlines()]
        return [line for line in found if event in (None, line["event"])]


@contextmanager
def logged(service: str = "shop") -> Iterator[Lines]:
    """Catch what is logged; the configuration before it is put back."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = Lines()
    logs.configure(service, "INFO", stream)
    try:
        yield stream
    finally:
        structlog.reset_defaults()
        root.handlers[:] = handlers
        root.setLevel(level)
