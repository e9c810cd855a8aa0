"""Randomness, as a dependency: every id, token, code and jitter comes from here."""

import os
import random
from base64 import urlsafe_b64encode
from uuid import UUID

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def base64url(value: bytes) -> str:
    """Write bytes so, without padding (RFC 7515, 2): for links, headers and JSON."""
    return urlsafe_b64encode(value).rstrip(b"=").decode()


class Randomness:
    """The operating system's entropy; a test may hand in another source of bytes."""

    def bytes(self, count: int) -> bytes:
        """Return `count` unguessable bytes."""
        return os.urandom(count)

    def uuid(self) -> UUID:
        """Return a random UUID (version 4). An id, never a secret."""
        return UUID(bytes=self.bytes(16), version=4)

    def token(self, count: int = 32) -> str:
        """Return `count` bytes (256 bits by default) as base64url without padding."""
        return base64url(self.bytes(count))

    def crockford(self, symbols: int) -> str:
        """Return that many Crockford base32 symbols, five bits each."""
        return "".join(CROCKFORD[byte & 31] for byte in self.bytes(symbols))

    def digits(self, count: int) -> str:
        """Return that many decimal digits, leading zeros kept, without modulo bias."""
        found = ""
        while len(found) < count:
            found += "".join(str(byte % 10) for byte in self.bytes(count) if byte < 250)
        return found[:count]

    def between(self, low: float, high: float) -> float:
        """Return a float in [low, high): for jitter, never for a secret."""
        return random.uniform(low, high)  # noqa: S311 - jitter is no secret

    def back_off(self, first: float, longest: float, *, doubled: int) -> float:
        """Return a wait before another try: the first one, doubled so often, to the longest; half
        of it is jitter.
        """
        wait = min(longest, first * 2 ** min(doubled, 16))
        return self.between(wait / 2, wait)
