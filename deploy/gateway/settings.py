"""What the gateway reads from its environment."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from msgspec import Meta

from shared.settings.loader import PREFIX, setting
from shared.settings.process import Environment, ProcessSettings, refused_in_the_clear
from shared.settings.values import Port, Secret, key_bytes, key_of_32_bytes, secrets

MOST_KEYS = 2
ANDROID_APP = re.compile(
    r"([a-zA-Z]\w*(?:\.[a-zA-Z]\w*)+)\|((?:[0-9A-F]{2}:){31}[0-9A-F]{2})", re.ASCII
)
APPLE_APP = re.compile(r"[A-Z0-9]{10}\.[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")


def origin(text: str) -> str:
    """Take a scheme with a host, and a port where it is not the scheme's own."""
    try:
        parts = urlsplit(text.rstrip("/"))
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.path
        _ = parts.port
    except ValueError:
        good = False
    if not good or "?" in text or "#" in text or "@" in text or not text.isprintable():
        raise ValueError("expected an http:// or https:// address without a path")
    return text.rstrip("/").lower()


def cookie_keys(text: str) -> tuple[Secret, ...]:
    """Take one key, or the new one and the one before it."""
    found = secrets(key_of_32_bytes)(text)
    if not 1 <= len(found) <= MOST_KEYS:
        raise ValueError("expected one key, or two with a comma between")
    return found


def desk_port(text: str) -> int:
    """Take a port."""
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise ValueError("expected a port")
    return int(text)


def desk_practice(text: str) -> Secret:
    """Take a name, a client's id and its secret."""
    if len([part for part in text.split("|") if part]) != 3:
        raise ValueError("expected name|client id|client secret")
    return Secret(text)


@dataclass(frozen=True, slots=True)
class AndroidApp:
    """A native app: its package, and the SHA-256 of a certificate that it is signed with."""

    package: str
    fingerprint: str

    def __str__(self) -> str:
        return f"{self.package}|{self.fingerprint}"


def android_apps(text: str) -> tuple[AndroidApp, ...]:
    """Take packages with their fingerprints, as `keytool` prints them."""
    found = [ANDROID_APP.fullmatch(part) for part in parts_of(text)]
    if not found or None in found:
        raise ValueError("expected package|SHA-256 fingerprint, 32 pairs like AB with : between")
    return tuple(AndroidApp(*one.groups()) for one in found if one is not None)


def apple_apps(text: str) -> tuple[str, ...]:
    """Take application identifiers: the team's ten characters, a dot, the bundle's identifier."""
    found = tuple(parts_of(text))
    if not found or not all(map(APPLE_APP.fullmatch, found)):
        raise ValueError("expected TEAMID.bundle.id, where TEAMID has ten characters")
    return found


def parts_of(text: str) -> list[str]:
    return [part.strip() for part in text.split(",")]


def service_at(name: str, service: str) -> str:
    """Declare where one of the services is."""
    found: str = setting(name, parse=origin, help=f"where {service} answers")
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(ProcessSettings):
    """Everything that the gateway is told; it keeps nothing itself."""

    environment: Environment = setting(
        "ENVIRONMENT",
        default=Environment.PRODUCTION,
        help="production refuses http://, a moved clock, the desk and the mails",
    )
    portal_url: str = setting(
        "PORTAL_URL",
        parse=origin,
        help="the portal's own address: the one Host that is answered; https decides `Secure`, "
        "`__Host-` and HSTS",
    )
    cookie_keys: tuple[Secret, ...] = setting(
        "COOKIE_KEYS",
        parse=cookie_keys,
        help="32 bytes in base64, or two of them with a comma between: the first seals cookies, "
        "both open them",
    )
    identity_url: str = service_at("IDENTITY_URL", "identity")
    recovery_url: str = service_at("RECOVERY_URL", "recovery")
    merge_url: str = service_at("MERGE_URL", "merge")
    notify_url: str = service_at("NOTIFY_URL", "notify")
    service_seconds: Annotated[float, Meta(ge=0.1, le=60)] = setting(
        "SERVICE_SECONDS", default=10.0, help="how long a service may take to answer"
    )
    android_apps: Annotated[tuple[AndroidApp, ...], Meta(description="apps")] = setting(
        "ANDROID_APPS",
        default=(),
        parse=android_apps,
        help="apps that may use the portal's passkeys and open its mailed links: package and "
        "SHA-256 fingerprint of the signing certificate parted by a bar, with commas between",
    )
    apple_apps: Annotated[tuple[str, ...], Meta(description="apps")] = setting(
        "APPLE_APPS",
        default=(),
        parse=apple_apps,
        help="the same at Apple: application identifiers, with commas between",
    )
    mails_url: str | None = setting(
        "MAILS_URL",
        default=None,
        parse=origin,
        help="the mail catcher's page, linked at the foot; development only",
    )
    desk_port: Port | None = setting(
        "DESK_PORT",
        default=None,
        parse=desk_port,
        help="port of the desk, a stand-in for a practice's own system; development only",
    )
    desk_practices: tuple[Secret, ...] = setting(
        "DESK_PRACTICES",
        default=(),
        parse=secrets(desk_practice),
        help="practices that the desk offers: name, client id and client secret parted by bars, "
        "with commas between; development only",
    )

    @property
    def secure(self) -> bool:
        """Whether browsers reach the portal by TLS."""
        return self.portal_url.startswith("https://")

    @property
    def host(self) -> str:
        """The one Host that is answered."""
        return urlsplit(self.portal_url).netloc

    @property
    def desk_host(self) -> str:
        """The one Host that the desk answers."""
        return f"{urlsplit(self.portal_url).hostname}:{self.desk_port}"

    @property
    def keys(self) -> tuple[bytes, ...]:
        """The keys of cookies, the one that seals first."""
        return tuple(key_bytes(key) for key in self.cookie_keys)

    def contradictions(self) -> Iterable[str]:
        """Name what fits alone but not together."""
        if self.environment is not Environment.PRODUCTION:
            return
        if not self.portal_url.startswith("https://"):  # not `secure`: values may be partial
            yield f"{PREFIX}PORTAL_URL: production wants https://, or cookies could be read"
        services = {
            "IDENTITY_URL": Secret(self.identity_url),
            "RECOVERY_URL": Secret(self.recovery_url),
            "MERGE_URL": Secret(self.merge_url),
            "NOTIFY_URL": Secret(self.notify_url),
        }
        yield from refused_in_the_clear(self, services)
        if self.desk_port is not None or self.desk_practices:
            yield f"{PREFIX}DESK_PORT, {PREFIX}DESK_PRACTICES are refused in production"
        if self.mails_url is not None:
            yield f"{PREFIX}MAILS_URL is refused in production: mails are their readers' own"
