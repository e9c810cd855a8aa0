"""What identity reads of passkeys from the environment (MF-6)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from shared.settings.hashing import HashingSettings
from shared.settings.loader import PREFIX, setting
from shared.settings.process import Environment
from shared.settings.values import DOMAIN_NAME

LOCALHOST = "localhost"
ORIGIN = re.compile(r"(?P<scheme>https?)://(?P<host>[a-z0-9.-]+)(?::(?P<port>[1-9][0-9]{0,4}))?")
UNWRITTEN, HIGHEST_PORT = {"http": "80", "https": "443"}, 65535
APP = re.compile(r"android:apk-key-hash:[A-Za-z0-9_-]{43}")


def rp_id(text: str) -> str:
    """Take a domain's name, as browsers compare it: small letters, and more than one label."""
    if text != LOCALHOST and not ("." in text and text.islower() and DOMAIN_NAME.fullmatch(text)):
        raise ValueError("expected a domain's name in small letters, such as portal.example")
    return text


def origins(text: str) -> tuple[str, ...]:
    """Take origins, with commas between; whether they fit the RP id is asked once both are read."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def written(origin: str) -> bool:
    """Whether a browser or an app could write it so, at whatever domain."""
    if APP.fullmatch(origin):
        return True
    found = ORIGIN.fullmatch(origin)
    if found is None or not DOMAIN_NAME.fullmatch(found["host"]):
        return False
    port = found["port"] or ""
    if port == UNWRITTEN[found["scheme"]] or int(port or 1) > HIGHEST_PORT:
        return False
    return found["scheme"] == "https" or found["host"] == LOCALHOST


def within(origin: str, domain: str, *, local: bool) -> bool:
    """Whether a passkey of that domain may be asked for there; it is written as it comes."""
    found = ORIGIN.fullmatch(origin)
    if found is None:  # an app's
        return True
    if found["scheme"] == "http" and not local:
        return False
    return found["host"] == domain or found["host"].endswith(f".{domain}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeySettings(HashingSettings):
    """What authenticators know the portal by, and where it may ask them."""

    passkey_rp_id: str | None = setting(
        "PASSKEY_RP_ID",
        default=None,
        parse=rp_id,
        help="the domain that passkeys are made for; without it none are offered (MF-6)",
    )
    passkey_rp_name: str | None = setting(
        "PASSKEY_RP_NAME", default=None, help="what authenticators call it; else the portal's name"
    )
    passkey_origins: Annotated[tuple[str, ...], Meta(description="origins")] = setting(
        "PASSKEY_ORIGINS",
        default=(),
        parse=origins,
        help="where passkeys may be asked for, exactly as browsers and apps write it (MF-6)",
    )

    def contradictions(self) -> Iterable[str]:
        """Name what fits alone but not together; first what is wrong whatever the RP id is."""
        numbered = dict(enumerate(self.passkey_origins, start=1))
        for place, origin in numbered.items():
            if not written(origin):
                yield (
                    f"{PREFIX}PASSKEY_ORIGINS: number {place} is neither an https origin, nor an "
                    "app's android:apk-key-hash, nor http://localhost; it ends with the host or a "
                    "port, and a scheme's own port is left out, as browsers do"
                )
        if (self.passkey_rp_id is None) != (not self.passkey_origins):
            yield f"{PREFIX}PASSKEY_RP_ID and {PREFIX}PASSKEY_ORIGINS go together"
            return
        local = self.environment is not Environment.PRODUCTION
        for place, origin in numbered.items():
            if written(origin) and not within(origin, self.passkey_rp_id or "", local=local):
                yield (
                    f"{PREFIX}PASSKEY_ORIGINS: number {place} is not within the RP id, or is "
                    "http://localhost in production"
                )
