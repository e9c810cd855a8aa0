"""Opaque secrets: made once, handed out once, kept as a keyed digest."""

import hmac
from dataclasses import dataclass, field

from shared.randomness import base64url


@dataclass(frozen=True, slots=True)
class Digests:
    """HMAC-SHA-256 under a key of the service, one domain a purpose.

    Only for secrets that cannot be guessed (80 bits and more): weaker ones take the slow hash.
    """

    key: bytes = field(repr=False)

    def of(self, purpose: str, secret: str) -> bytes:
        """Return 32 bytes; equal secrets of two purposes differ."""
        if "\0" in purpose:
            raise ValueError("a purpose ends at the first NUL")
        message = f"{purpose}\0{secret}".encode(errors="surrogatepass")
        return hmac.digest(self.key, message, "sha256")

    def token(self, purpose: str, of: str) -> str:
        """Return a token of 256 bits, as `Randomness.token` writes one: the same each time, for
        what is to be shown again and not to be kept.
        """
        return base64url(self.of(purpose, of))
