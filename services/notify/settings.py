"""What notify reads from its environment, besides what every service reads."""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from shared.contracts.addresses import AddressMalformed, mailable
from shared.settings import (
    PREFIX,
    Environment,
    Secret,
    ServiceSettings,
    expose_metrics_on,
    listen_on,
    seconds,
    setting,
    url_of,
    within,
)


def mail_address(text: str) -> str:
    """Take an address that mail may come from."""
    try:
        address = mailable(text)
    except AddressMalformed:
        raise ValueError("expected an e-mail address without a name") from None
    if not address.isascii():
        raise ValueError("expected an e-mail address in ASCII")
    return address


def domain_name(text: str) -> str:
    if not text.isascii() or not text.replace("-", "").replace(".", "").isalnum():
        raise ValueError("expected a domain name")
    return text


def portal_address(text: str) -> str:
    """Take the address of the portal's pages; the path of a page is put behind it."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("expected an http:// or https:// address without ? and #")
    return text.rstrip("/")


def one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("expected one line of printable text")
    return text


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifySettings(ServiceSettings):
    """Everything that differs from one deployment of notify to another."""

    http_port: int = listen_on(8104)
    metrics_port: int = expose_metrics_on(9104)
    smtp_url: Secret = setting(
        "SMTP_URL",
        parse=url_of("smtp", "smtp+starttls", "smtps"),
        help="mail server, smtp://user:pass@host:port; smtp uses STARTTLS where it is offered, "
        "smtp+starttls insists on it, smtps is TLS from the start",
    )
    smtp_connections: int = setting(
        "SMTP_CONNECTIONS",
        default=4,
        parse=within(1, 100),
        help="connections to the mail server, for each of the two classes (NT-1)",
    )
    smtp_connect_seconds: float = setting(
        "SMTP_CONNECT_SECONDS", default=10.0, parse=seconds(0.1, 300), help="wait for a connection"
    )
    smtp_command_seconds: float = setting(
        "SMTP_COMMAND_SECONDS",
        default=20.0,
        parse=seconds(0.1, 300),
        help="wait for the answer to one SMTP command",
    )
    smtp_dot_seconds: float = setting(
        "SMTP_DOT_SECONDS",
        default=60.0,
        parse=seconds(0.1, 600),
        help="wait for the answer to a whole mail; longer is `unknown` (NT-5)",
    )
    mail_from: str = setting("MAIL_FROM", parse=mail_address, help="address that mail comes from")
    mail_domain: str = setting(
        "MAIL_DOMAIN", parse=domain_name, help="domain in Message-ID, and our name in EHLO"
    )
    portal_name: str = setting(
        "PORTAL_NAME", default="Portico", parse=one_line, help="the portal's name in mails"
    )
    portal_url: str = setting(
        "PORTAL_URL", parse=portal_address, help="where links in mails lead to"
    )
    courier_seconds: float = setting(
        "COURIER_SECONDS",
        default=1.0,
        parse=seconds(0.01, 60),
        help="a courier without work looks again after this long; it is woken as well",
    )
    courier_loops: int = setting(
        "COURIER_LOOPS",
        default=2,
        parse=within(1, 20),
        help="courier loops of each class: one claims while another sends",
    )
    lease_seconds: float = setting(
        "LEASE_SECONDS",
        default=15.0,
        parse=seconds(1, 600),
        help="a courier that renews its lease no longer than this ago has lost it",
    )

    def contradictions(self) -> Iterable[str]:
        """Name what fits alone but not together."""
        server = urlsplit(self.smtp_url.reveal())
        if (
            self.environment is Environment.PRODUCTION
            and server.scheme == "smtp"
            and server.password is not None
            and not loopback(server.hostname or "")
        ):
            yield (
                f"{PREFIX}SMTP_URL: in production a password wants smtps:// or smtp+starttls://, "
                "an offer of STARTTLS can be taken out on the way"
            )


def loopback(host: str) -> bool:
    """Whether this host is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
