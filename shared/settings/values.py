"""What one setting may be: types, secrets, and parsers that never repeat the value."""

import base64
import re
from collections.abc import Callable, Collection
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from ssl import SSLError, create_default_context
from typing import Annotated
from urllib.parse import parse_qs, unquote, urlsplit

from msgspec import Meta

REDACTED = "********"
Network = IPv4Network | IPv6Network
SMALLEST_PREFIX = {4: 8, 6: 7}  # 10.0.0.0/8 and fc00::/7: the widest that one has to oneself
FEWEST_BYTES = 8  # different ones in a key; 32 random bytes have thirty
PLACEHOLDERS = re.compile(r"change.?(me|this|it)|placeholder|example|insecure|password|default")
DOMAIN_NAME = re.compile(
    r"(?=.{1,253}\Z)([a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?\.)*(?![0-9]+\Z)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?",
    re.IGNORECASE,
)
ENCRYPTED = frozenset({"https", "amqps", "smtps", "smtp+starttls"})
POSTGRES = frozenset({"postgresql", "postgres"})

Port = Annotated[int, Meta(ge=0, le=65535)]
LogLevel = Annotated[
    str,
    Meta(pattern=r"\A(?i:debug|info|warning|error)\Z", description="debug, info, warning or error"),
]
HeaderName = Annotated[
    str,
    Meta(
        pattern=r"\A(?!(?i:forwarded)\Z)[A-Za-z0-9-]*[A-Za-z0-9][A-Za-z0-9-]*\Z",
        description="a header's name, not RFC 7239's Forwarded",
    ),
]


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


def networks(text: str) -> tuple[Network, ...]:
    """Take networks of one's own: whoever trusts everybody lets each caller choose its address."""
    try:
        found = tuple(ip_network(part) for part in text.replace(",", " ").split())
    except ValueError:
        raise ValueError("expected networks like 10.0.0.0/8,fd00::/8") from None
    if any(network.prefixlen < SMALLEST_PREFIX[network.version] for network in found):
        raise ValueError("expected networks of one's own, none wider than 10.0.0.0/8 or fc00::/7")
    return found


def host(text: str) -> str:
    """Take an address or a host's name, without scheme, port and brackets."""
    try:
        ip_address(text)
    except ValueError:
        if not DOMAIN_NAME.fullmatch(text):
            raise ValueError("expected an address or the name of a host") from None
    return text


def hosts(text: str) -> tuple[str, ...]:
    """Take hosts, parted by commas or blanks."""
    return tuple(host(part).lower() for part in text.replace(",", " ").split())


def loopback(host: str) -> bool:
    """Whether this host is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def in_the_clear(url: str, accepted: Collection[str] = ()) -> bool:
    """Whether this URL leads without encryption to a machine that is neither this one nor one of
    those accepted, or to nobody knows whom.

    ASVS V12.3.1: no fall-back to plaintext. PostgreSQL's other modes encrypt towards whoever
    answers (`require`), or do without where it is not offered (`prefer`).
    """
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    if parts.scheme in POSTGRES:
        hosts = unquote(parts.hostname or query.get("host", [""])[-1]).split(",")
        protected = query.get("sslmode", [""])[-1] == "verify-full"
    else:
        hosts, protected = [parts.hostname or ""], parts.scheme in ENCRYPTED
    return not protected and not all(
        one.startswith("/") or loopback(one) or one.lower() in accepted for one in hosts
    )


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


def web_address(text: str) -> str:
    """Take an address that something is put behind: a service's name, or the path of a page."""
    url_of("http", "https")(text)
    if any(sign in text for sign in "?#@ ") or not text.isprintable():
        raise ValueError("expected an http:// or https:// address without ?, # and @")
    return text.rstrip("/")


def certificates(text: str) -> Path:
    """Take a PEM file with the certificates of authorities."""
    path = Path(text)
    try:
        create_default_context(cafile=path)
    except (OSError, SSLError):
        raise ValueError("expected a readable PEM file with certificates") from None
    return path


def key_of_32_bytes(text: str) -> Secret:
    """Take the 32 bytes of a key in use, which somebody made at random."""
    key = retired_key(text)
    if guessable(text) or guessable(key_bytes(key).decode("latin-1")):
        raise ValueError("expected 32 random bytes; these can be guessed")
    return key


def retired_key(text: str) -> Secret:
    """Take 32 bytes in base64 (standard or URL alphabet), also poor ones: to get away from them."""
    try:
        good = len(key_bytes(Secret(text))) == 32
    except ValueError:
        good = False
    if not good:
        raise ValueError("expected 32 bytes in base64")
    return Secret(text)


def guessable(text: str) -> bool:
    """Whether nobody made this secret at random: a placeholder, or one pattern over and over."""
    return len(set(text)) < FEWEST_BYTES or PLACEHOLDERS.search(text.lower()) is not None


def key_bytes(secret: Secret) -> bytes:
    """Decode such a key."""
    text = secret.reveal().strip().replace("-", "+").replace("_", "/").rstrip("=")
    return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)


def secrets(parse: Callable[[str], Secret]) -> Callable[[str], tuple[Secret, ...]]:
    """Take several of what `parse` takes, with commas between."""

    def parse_all(text: str) -> tuple[Secret, ...]:
        return tuple(parse(part.strip()) for part in text.split(",") if part.strip())

    return parse_all
