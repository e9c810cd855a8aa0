"""What a verb says to who typed it: lines, JSON lines, and an exit code."""

import sys

import msgspec

OK, FAILED, MISUSED = 0, 1, 2


def say(*lines: str) -> int:
    """Print what was asked for; the verb is done."""
    sys.stdout.write("".join(f"{line}\n" for line in lines))
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
