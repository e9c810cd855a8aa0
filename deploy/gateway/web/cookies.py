"""Cookies: the gateway's only memory, sealed, so that any replica goes on where another left."""

import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec
from aiohttp import web

from shared.randomness import Randomness, base64url
from shared.trust.ciphers import Cipher, CipherBroken

R = TypeVar("R", bound=msgspec.Struct)

VERSION = "v1."
SYMBOLS = re.compile("[A-Za-z0-9_-]*")
LARGEST = 3800  # bytes of a cookie; browsers drop one over 4,096 without a word
DAY = 86400


class CookieTooLarge(Exception):
    """A cookie of this name would be dropped by the browser."""


class Sealer:
    """Seals records: only under the same name, and as the same type, does a value open again."""

    def __init__(self, keys: Sequence[bytes], randomness: Randomness) -> None:
        self._cipher = Cipher(keys[0], randomness, retired=tuple(keys[1:]))

    def seal(self, name: str, record: msgspec.Struct) -> str:
        """Raises CookieTooLarge."""
        sealed = self._cipher.encrypt(msgspec.msgpack.encode(record), bound(name, type(record)))
        value = VERSION + base64url(sealed)
        if len(name) + len(value) > LARGEST:
            raise CookieTooLarge(name)
        return value

    def open(self, name: str, kind: type[R], value: str) -> R | None:
        """Return the record; None for what is broken, foreign, or another cookie's."""
        if not value.startswith(VERSION) or len(value) > LARGEST:
            return None
        text = value.removeprefix(VERSION)
        if not SYMBOLS.fullmatch(text):  # the decoder passes over what is none
            return None
        try:
            sealed = urlsafe_b64decode(text + "=" * (-len(text) % 4))
            return msgspec.msgpack.decode(
                self._cipher.decrypt(sealed, bound(name, kind)), type=kind
            )
        except (CipherBroken, ValueError, msgspec.DecodeError):
            return None


def bound(name: str, kind: type[msgspec.Struct]) -> bytes:
    """What a sealed value is bound to, so that none can be put in another's place."""
    return f"{name}\0{kind.__name__}".encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A cookie to be set, or with no value to be deleted."""

    value: str
    seconds: int | None


@dataclass(slots=True, kw_only=True)
class Jar:
    """The cookies of one request, and what its reply changes of them."""

    sent: Mapping[str, str]
    sealer: Sealer
    secure: bool
    changes: dict[str, Change] = field(default_factory=dict)

    def name(self, name: str) -> str:
        """Return a cookie's name on the wire: `__Host-` where TLS lets it be kept to this host."""
        return f"__Host-{name}" if self.secure else name

    def text(self, name: str) -> str:
        """Return a cookie that is no secret; empty where there is none."""
        change = self.changes.get(name)
        return change.value if change else self.sent.get(self.name(name), "")

    def record(self, name: str, kind: type[R]) -> R | None:
        """Open a sealed cookie; None where there is none that opens."""
        return self.sealer.open(self.name(name), kind, self.text(name))

    def write(self, name: str, value: str, *, seconds: int | None) -> None:
        """Set a cookie; without seconds it goes with the browser's session."""
        self.changes[name] = Change(value=value, seconds=seconds)

    def seal(self, name: str, record: msgspec.Struct, *, seconds: int | None) -> None:
        """Set a sealed cookie. Raises CookieTooLarge."""
        self.write(name, self.sealer.seal(self.name(name), record), seconds=seconds)

    def delete(self, name: str) -> None:
        """Delete a cookie, where the browser has sent one."""
        self.changes.pop(name, None)
        if self.name(name) in self.sent:
            self.changes[name] = Change(value="", seconds=0)

    def put_on(self, response: web.StreamResponse) -> None:
        """Write the changes; a deletion has the attributes the cookie was set with, or a browser
        would keep one whose name begins with `__Host-`.
        """
        for name, change in self.changes.items():
            response.set_cookie(
                self.name(name),
                change.value,
                max_age=change.seconds,
                path="/",
                httponly=True,
                secure=self.secure,
                samesite="Lax",
            )
