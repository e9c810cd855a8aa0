"""Where everything of a running stack is, and how the demo practices and the gateway log on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCredentials:
    """An OAuth client of identity's."""

    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PracticeCredentials(ClientCredentials):
    """A practice's own client."""

    practice_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StackAddresses:
    """What a gateway, a tour or a test needs to know. Each service has one URL a replica."""

    services: Mapping[str, tuple[str, ...]]
    metrics: Mapping[str, tuple[str, ...]]
    smtp_url: str
    mails: str  # the mail catcher's page, and its /mails
    portal: str  # what people open
    desk: str  # a practice's side, beside it
    portals: tuple[str, ...]  # the gateway's replicas, which answer to the portal's Host alone
    clock_file: Path  # seconds that are added to every service's time
    practice: PracticeCredentials
    neighbour: PracticeCredentials  # another practice: for who goes to both
    gateway: ClientCredentials
    mail_server: ClientCredentials  # which hands over what comes back
    inbox: str | None = None  # AMQP URL of the practice's own system, where the broker is reached

    def save(self, path: Path) -> None:
        """Write it for this user's eyes only: it holds credentials."""
        path.touch(mode=0o600)
        path.chmod(0o600)
        path.write_bytes(msgspec.json.format(msgspec.json.encode(self, enc_hook=str)))

    @classmethod
    def load(cls, path: Path) -> "StackAddresses":
        """Read what `save` wrote."""
        return msgspec.json.decode(path.read_bytes(), type=cls, dec_hook=read)


def read(kind: type[Any], value: Any) -> Any:
    """Make what JSON has no type for."""
    return kind(value)
