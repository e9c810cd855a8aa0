"""What a verb takes from who typed it, and says: numbers; lines, JSON lines, an exit code."""

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

import msgspec

from shared.errors import NotFound

OK, FAILED, MISUSED = 0, 1, 2
OTHER_SCHEMA = 3
INTERRUPTED = 130  # as a shell says it
HIGHEST = 2**63 - 1  # of a row's id


class NoSuch(Exception):
    """What was named is not there, or not any more; the message names it."""


@contextmanager
def named(what: object) -> Iterator[None]:
    """Say of what was named that it is not there. Raises NoSuch for a NotFound."""
    try:
        yield
    except NotFound as missing:
        raise NoSuch(f"{what}: there is none, or no more") from missing


def number_from(low: int) -> Callable[[str], int]:
    """Take a whole number that PostgreSQL's bigint can hold."""

    def parse(text: str) -> int:
        try:
            found = int(text)
        except ValueError:
            found = low - 1
        if not low <= found <= HIGHEST:
            raise argparse.ArgumentTypeError(f"expected a whole number from {low} to {HIGHEST}")
        return found

    return parse


def moment(text: str) -> datetime:
    """Take a time with its zone, as RFC 3339 writes it."""
    with suppress(ValueError):
        found = datetime.fromisoformat(text)
        if found.tzinfo is not None:
            return found
    raise argparse.ArgumentTypeError("expected a time with its zone: 2026-11-28T14:05:00Z")


def say(*lines: str) -> int:
    """Print what was asked for, at once: a long verb's first lines are read before its end."""
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()
    return OK


def say_json(*found: object) -> int:
    """Print each on a line of its own, for a program to read."""
    return say(*(msgspec.json.encode(one).decode() for one in found))


def tell(code: int, *lines: str) -> int:
    """Print what is wrong where it does not mix with what was asked for."""
    sys.stderr.write("".join(f"{line}\n" for line in lines))
    return code


def why(error: Exception) -> str:
    """Say in one line what is away: the error's own words, or its type's."""
    return str(error) or (type(error).__doc__ or "").partition("\n")[0]
