"""What identity knows this browser by: a secret for each account that was logged on to here (MF-2).

All who share the browser share one cookie, which lives on when they log off. Whose secret goes with
a log-on is found by the name that is typed, with a reset by the username that was proven, as far as
that name was here before; else the one used last is brought along, which is none to another
account, and nobody is told.
"""

from hashlib import sha256

import msgspec

from deploy.gateway.web.cookies import DAY
from deploy.gateway.web.visits import Visit

COOKIE = "portico-device"
SECONDS = 400 * DAY
MOST = 8  # names: the one unused longest goes


class Mine(msgspec.Struct, frozen=True, kw_only=True):
    """By which secret identity knows this browser, for who logs on by that name."""

    name: str  # a digest: whoever sits here next reads no names
    secret: str | None


class Devices(msgspec.Struct, frozen=True, kw_only=True):
    mine: tuple[Mine, ...] = ()  # the one used last is first


def named_here(visit: Visit, *names: str) -> str:
    """Return the first of an account's names by which somebody was here; else the first."""
    mine = {each.name for each in kept(visit).mine}
    return next((name for name in names if digest(name) in mine), names[0])


def secret_for(visit: Visit, name: str | None = None) -> str | None:
    """What to bring along: of who logs on by this name, or of whoever was here last."""
    mine = kept(visit).mine
    found = next((each for each in mine if each.name == digest(name)), None)
    return (found or mine[0]).secret if mine else None


def used(visit: Visit, secret: str | None, name: str | None = None) -> None:
    """Keep by what identity knows this browser now, for that name or who was here last."""
    mine = kept(visit).mine
    own = digest(name) or (mine[0].name if mine else "")
    others = tuple(each for each in mine if each.name != own)
    known = Devices(mine=(Mine(name=own, secret=secret), *others)[:MOST])
    visit.jar.seal(COOKIE, known, seconds=SECONDS)


def kept(visit: Visit) -> Devices:
    """What the cookie holds."""
    return visit.jar.record(COOKIE, Devices) or Devices()


def digest(name: str | None) -> str:
    """A name as it is told from others, however it is typed; of none it is empty."""
    return sha256(name.strip().casefold().encode()).hexdigest()[:16] if name else ""
