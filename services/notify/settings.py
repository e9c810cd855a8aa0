"""What notify reads from its environment, besides what every service reads."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated
from urllib.parse import urlsplit

from msgspec import Meta

from shared.contracts.addresses import AddressMalformed, mailable
from shared.settings.loader import setting
from shared.settings.process import expose_metrics_on, listen_on, refused_in_the_clear
from shared.settings.service import ServiceSettings
from shared.settings.values import Port, Secret, url_of, web_address

TAG_LENGTH = 42  # of a return path, behind a plus

DomainName = Annotated[
    str,
    Meta(pattern=r"\A[A-Za-z0-9.-]*[A-Za-z0-9][A-Za-z0-9.-]*\Z", description="a domain name"),
]
PhoneNumber = Annotated[
    str, Meta(pattern=r"\A\+[1-9][0-9]{6,14}\Z", description="a phone number, +12135550147")
]
PagePath = Annotated[
    str,
    Meta(pattern=r"\A[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*\Z", description="a path below PORTAL_URL"),
]


class Receipts(StrEnum):
    """Whether to ask for them."""

    NO = "no"
    YES = "yes"


def mail_address(text: str) -> str:
    """Take an address that mail may come from."""
    try:
        address = mailable(text)
    except AddressMalformed:
        raise ValueError("expected an e-mail address without a name") from None
    if not address.isascii():
        raise ValueError("expected an e-mail address in ASCII")
    return address


def mail_server_url(text: str) -> Secret:
    """Take a mail server's URL: a name and a password, or neither, and nothing behind the port."""
    url = url_of("smtp", "smtp+starttls", "smtps")(text)
    parts = urlsplit(text)
    if not parts.hostname or bool(parts.username) != bool(parts.password):
        raise ValueError("expected user:password@host:port, or host:port alone")
    if "@" in parts.netloc and not parts.username:
        raise ValueError("expected user:password@host:port, or host:port alone")
    if parts.path not in ("", "/") or "?" in text or "#" in text:
        raise ValueError("expected nothing behind host and port")
    return url


def provider_url(text: str) -> Secret:
    """Take the URL of a provider of text messages: its host, with our account and its token."""
    url = url_of("http", "https")(text)
    parts = urlsplit(text)
    if not (parts.hostname and parts.username and parts.password):
        raise ValueError("expected https://account:token@host")
    if parts.path not in ("", "/") or "?" in text or "#" in text:
        raise ValueError("expected nothing behind host and port")
    return url


def one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("expected one line of printable text")
    return text


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifySettings(ServiceSettings):
    """Everything that differs from one deployment of notify to another."""

    http_port: Port = listen_on(8104)
    metrics_port: Port = expose_metrics_on(9104)
    smtp_url: Secret = setting(
        "SMTP_URL",
        parse=mail_server_url,
        help="mail server, smtp://user:pass@host:port; smtp uses STARTTLS where it is offered and "
        "verifies nothing, smtp+starttls insists on it, smtps is TLS from the start; both verify",
    )
    smtp_connections: Annotated[int, Meta(ge=1, le=100)] = setting(
        "SMTP_CONNECTIONS",
        default=12,
        help="connections to the mail server, for each of the two classes (NT-1)",
    )
    smtp_connect_seconds: Annotated[float, Meta(ge=0.1, le=300)] = setting(
        "SMTP_CONNECT_SECONDS", default=10.0, help="wait for a connection"
    )
    smtp_command_seconds: Annotated[float, Meta(ge=0.1, le=300)] = setting(
        "SMTP_COMMAND_SECONDS", default=20.0, help="wait for the answer to one SMTP command"
    )
    smtp_dot_seconds: Annotated[float, Meta(ge=0.1, le=600)] = setting(
        "SMTP_DOT_SECONDS",
        default=60.0,
        help="wait for the answer to a whole mail; longer is `unknown` (NT-5)",
    )
    mail_from: str = setting("MAIL_FROM", parse=mail_address, help="address that mail comes from")
    mail_return_path: str | None = setting(
        "MAIL_RETURN_PATH",
        default=None,
        parse=mail_address,
        help="address that mail is given back to, each with a tag behind a plus (NT-5); "
        "MAIL_FROM where it is not set",
    )
    mail_receipts: Receipts = setting(
        "MAIL_RECEIPTS",
        default=Receipts.NO,
        help="whether mail servers are asked to tell of each mail that was delivered (RFC 3461, "
        "NT-5): as many mails come to MAIL_RETURN_PATH as go out",
    )
    texts_url: Secret | None = setting(
        "TEXTS_URL",
        default=None,
        parse=provider_url,
        help="provider of text messages, https://account:token@host, with Twilio's API (NT-3); "
        "without it no practice offers them",
    )
    texts_from: PhoneNumber | None = setting(
        "TEXTS_FROM", default=None, help="number that text messages come from"
    )
    texts_hooks_url: str | None = setting(
        "TEXTS_HOOKS_URL",
        default=None,
        parse=web_address,
        help="where that provider reaches this service: it signs this with what it tells",
    )
    mail_domain: DomainName = setting(
        "MAIL_DOMAIN", help="domain in Message-ID, and our name in EHLO"
    )
    portal_name: str = setting(
        "PORTAL_NAME", default="Portico", parse=one_line, help="the portal's name in mails"
    )
    portal_url: str = setting("PORTAL_URL", parse=web_address, help="where links in mails lead to")
    verify_email_page: PagePath = setting(
        "VERIFY_EMAIL_PAGE", default="verify-email", help="its page that confirms an address"
    )
    reset_password_page: PagePath = setting(
        "RESET_PASSWORD_PAGE", default="reset-password", help="its page that sets a new password"
    )
    verify_address_page: PagePath = setting(
        "VERIFY_ADDRESS_PAGE",
        default="settings/notifications/verify",
        help="its page that confirms a notification address",
    )
    invitation_page: PagePath = setting(
        "INVITATION_PAGE", default="enrol/invitation", help="its page that takes an invitation"
    )
    not_me_page: PagePath = setting(
        "NOT_ME_PAGE", default="not-me", help="its page that freezes an account (RC-9)"
    )
    unsubscribe_page: PagePath = setting(
        "UNSUBSCRIBE_PAGE",
        default="unsubscribe",
        help="its page that stops a practice's e-mails, and takes a mail provider's POST (NT-7)",
    )
    verify_address_minutes: Annotated[int, Meta(ge=5, le=1440)] = setting(
        "VERIFY_ADDRESS_MINUTES", default=60, help="life of a link to a notification address (NT-2)"
    )
    address_mails_an_hour: Annotated[int, Meta(ge=1, le=100)] = setting(
        "ADDRESS_MAILS_AN_HOUR", default=5, help="such links an account, and an address (NT-2)"
    )
    address_mails_a_day: Annotated[int, Meta(ge=1, le=1000)] = setting(
        "ADDRESS_MAILS_A_DAY", default=10, help="such links an account, and an address (NT-2)"
    )
    courier_seconds: Annotated[float, Meta(ge=0.01, le=60)] = setting(
        "COURIER_SECONDS",
        default=1.0,
        help="a courier without work looks again after this long; it is woken as well",
    )
    courier_loops: Annotated[int, Meta(ge=1, le=20)] = setting(
        "COURIER_LOOPS",
        default=2,
        help="courier loops of each class: one claims while another sends",
    )
    lease_seconds: Annotated[float, Meta(ge=1, le=600)] = setting(
        "LEASE_SECONDS",
        default=15.0,
        help="a courier that renews its lease no longer than this ago has lost it",
    )
    client_reads_an_hour: Annotated[int, Meta(ge=1000, le=10_000_000)] = setting(
        "CLIENT_READS_AN_HOUR",
        default=100_000,
        help="deliveries of the ledger that a client is shown (ST-1)",
    )
    client_communications_an_hour: Annotated[int, Meta(ge=1000, le=10_000_000)] = setting(
        "CLIENT_COMMUNICATIONS_AN_HOUR",
        default=100_000,
        help="practice communications a client, over HTTP (ST-1)",
    )

    @property
    def return_path(self) -> str:
        """Where mails are given back to, without their tags."""
        return self.mail_return_path or self.mail_from

    @property
    def offers_texts(self) -> bool:
        """Whether text messages can be sent."""
        return self.texts_url is not None

    def contradictions(self) -> Iterable[str]:
        """Name what fits alone but not together."""
        local, _, domain = (self.mail_return_path or self.mail_from).rpartition("@")
        try:
            mailable(f"{local}+{'x' * TAG_LENGTH}@{domain}")
        except AddressMalformed:
            yield (
                "PORTICO_MAIL_RETURN_PATH, or PORTICO_MAIL_FROM where it is not set, is too long: "
                f"a plus and {TAG_LENGTH} characters have no room before its @"
            )
        texts = (self.texts_url, self.texts_from, self.texts_hooks_url)
        if any(texts) and not all(texts):
            yield (
                "PORTICO_TEXTS_URL, PORTICO_TEXTS_FROM and PORTICO_TEXTS_HOOKS_URL go together: "
                "set all three, or none"
            )
        urls = {"SMTP_URL": self.smtp_url, "PORTAL_URL": Secret(self.portal_url)}
        if self.texts_url is not None:
            urls["TEXTS_URL"] = self.texts_url
        yield from refused_in_the_clear(self, urls)
