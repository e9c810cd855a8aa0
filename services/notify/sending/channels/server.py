"""The mail server as settings tell of it: where it is, how it is believed, how long it may take."""

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import unquote, urlsplit

from services.notify.settings import NotifySettings, Receipts
from shared.settings.values import Secret
from shared.tls import believing, trusting


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpServer:
    """Where the mail server is and how long each phase may take, in seconds."""

    host: str
    port: int
    tls: bool  # from the start
    starttls: bool | None  # None: where it is offered
    tls_ca: Path | None  # a private CA, believed besides the system's
    username: str | None
    password: Secret | None
    local_hostname: str
    connect_seconds: float
    command_seconds: float
    dot_seconds: float
    receipts: bool = False  # whether it is asked to tell of what was delivered

    @classmethod
    def at(cls, url: Secret, **rest: object) -> Self:
        """Read smtp://, smtp+starttls:// or smtps:// with user:password@host:port."""
        parts = urlsplit(url.reveal())
        ports = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
        return cls(
            host=parts.hostname or "localhost",
            port=parts.port or ports[parts.scheme],
            tls=parts.scheme == "smtps",
            starttls={"smtp": None, "smtp+starttls": True, "smtps": False}[parts.scheme],
            username=unquote(parts.username) if parts.username else None,
            password=Secret(unquote(parts.password)) if parts.password else None,
            **rest,  # type: ignore[arg-type]
        )

    @classmethod
    def of(cls, settings: NotifySettings) -> Self:
        """Read it from this service's settings."""
        return cls.at(
            settings.smtp_url,
            tls_ca=settings.tls_ca,
            local_hostname=settings.mail_domain,
            connect_seconds=settings.smtp_connect_seconds,
            command_seconds=settings.smtp_command_seconds,
            dot_seconds=settings.smtp_dot_seconds,
            receipts=settings.mail_receipts is Receipts.YES,
        )

    def trusts(self) -> ssl.SSLContext:
        """Verify the certificate and the name where TLS is insisted on.

        Where it is only taken when offered, who is on the way can strip the offer: to verify there
        keeps nobody out and loses the mail to a server with a certificate of its own (RFC 7435).
        """
        return trusting(self.tls_ca) if self.starttls is not None else believing()
