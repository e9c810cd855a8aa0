"""How the provider signs what it tells: Twilio's rule, by the token shared with us. Pure."""

import base64
import hashlib
import hmac
from collections.abc import Iterable


def is_signed(
    signature: str | None, *, token: str, url: str, said: Iterable[tuple[str, str]]
) -> bool:
    """Whether this was told at this URL, with these parameters, by who has the token."""
    right = sign(token, url=url, said=said)
    return signature is not None and hmac.compare_digest(
        right.encode(), signature.encode("utf-8", "surrogateescape")
    )


def sign(token: str, *, url: str, said: Iterable[tuple[str, str]]) -> str:
    """Sign the URL and behind it each name with its value, by name; a value that stands twice
    under a name counts once.
    """
    text = url + "".join(f"{name}{value}" for name, value in sorted(set(said)))
    made = hmac.new(token.encode(), text.encode(), hashlib.sha1)
    return base64.b64encode(made.digest()).decode()
