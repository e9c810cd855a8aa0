"""What one setting may be: secrets, and parsers that say what is expected without the value."""

import base64
from collections.abc import Callable
from enum import Enum
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any
from urllib.parse import urlsplit

REDACTED = "********"
Network = IPv4Network | IPv6Network


class Secret:
    """A value that never shows itself: repr and str are redacted, equality still works."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the value, at the one place that needs it."""
        return self._value

    def __repr__(self) -> str:
        return f"Secret({REDACTED!r})"

    def __str__(self) -> str:
        return REDACTED

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


def whole_number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError("expected a whole number") from None


def number(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        raise ValueError("expected a number") from None
    if found != found or found in (float("inf"), float("-inf")):
        raise ValueError("expected a finite number")
    return found


def within(low: float, high: float) -> Callable[[str], Any]:
    """Take a whole number from `low` to `high`, both included."""

    def parse(text: str) -> int:
        found = whole_number(text)
        if not low <= found <= high:
            raise ValueError(f"expected a whole number from {low:g} to {high:g}")
        return found

    return parse


def seconds(low: float, high: float) -> Callable[[str], float]:
    """Take seconds, a fraction too, from `low` to `high`, both included."""

    def parse(text: str) -> float:
        found = number(text)
        if not low <= found <= high:
            raise ValueError(f"expected seconds from {low:g} to {high:g}")
        return found

    return parse


port_number = within(0, 65535)


def switch(text: str) -> bool:
    try:
        return {"true": True, "false": False, "1": True, "0": False}[text.lower()]
    except KeyError:
        raise ValueError("expected true or false") from None


def one_of(kind: type[Enum]) -> Callable[[str], Any]:
    """Take one of an enum's values."""
    names = ", ".join(str(member.value) for member in kind)

    def parse(text: str) -> Enum:
        try:
            return kind(text)
        except ValueError:
            raise ValueError(f"expected one of {names}") from None

    return parse


def networks(text: str) -> tuple[Network, ...]:
    try:
        return tuple(ip_network(part) for part in text.replace(",", " ").split())
    except ValueError:
        raise ValueError("expected networks like 10.0.0.0/8,fd00::/8") from None


def url_of(*schemes: str) -> Callable[[str], Secret]:
    """Take a URL with a host as a secret, since it may hold a password."""

    def parse(text: str) -> Secret:
        try:
            parts = urlsplit(text)
            good = parts.scheme in schemes and bool(parts.hostname or parts.query)
            _ = parts.port
        except ValueError:
            good = False
        if not good:
            raise ValueError(f"expected a URL that begins with {' or '.join(schemes)}://")
        return Secret(text)

    return parse


def issuer(text: str) -> str:
    """Take the address that token issuers' names begin with."""
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and bool(parts.hostname)
        _ = parts.port
    except ValueError:
        good = False
    if not good or "?" in text or "#" in text or "@" in text or not text.isprintable():
        raise ValueError("expected an http:// or https:// address without ? and #")
    return text.rstrip("/")


def stated(text: str) -> str:
    """Take text that says something."""
    if not text.strip():
        raise ValueError("expected some text")
    return text


def key_of_32_bytes(text: str) -> Secret:
    """Take 32 bytes in base64 (standard or URL alphabet)."""
    try:
        good = len(key_bytes(Secret(text))) == 32
    except ValueError:
        good = False
    if not good:
        raise ValueError("expected 32 bytes in base64")
    return Secret(text)


def key_bytes(secret: Secret) -> bytes:
    """Decode such a key."""
    text = secret.reveal().strip().replace("-", "+").replace("_", "/").rstrip("=")
    return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)


def log_level(text: str) -> str:
    if text.upper() not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise ValueError("expected debug, info, warning or error")
    return text.upper()


def header_name(text: str) -> str:
    if not text.replace("-", "").isalnum() or not text.isascii():
        raise ValueError("expected the name of a header")
    return text
