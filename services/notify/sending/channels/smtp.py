"""E-mail by SMTP: the one door to aiosmtplib, and so one piece.

Connections are pooled, reused, never repaired.
"""

import asyncio
import re
import ssl
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self
from urllib.parse import unquote, urlsplit

import aiosmtplib

from services.notify.sending.channels import BeforeDot, Mail
from services.notify.sending.channels.connections import Connections
from services.notify.sending.errors import MailServerAway
from services.notify.sending.model import Answer, Outcome, Phase
from services.notify.settings import NotifySettings
from services.notify.tellings.model import MessageClass, Reason
from shared.settings.values import Secret
from shared.tls import trusting

MAILS_A_CONNECTION = 100
CLOSING_SECONDS = 2.0
DOT_LINES = re.compile(rb"(?m)^\.")
ENHANCED_CODE = re.compile(r"^([245]\.\d{1,3}\.\d{1,3})\b")
MEANS_RECIPIENT = re.compile(r"5\.[12]\.\d+")  # RFC 3463: its address, its mailbox
MEANS_SENDER = ("5.1.7", "5.1.8")  # the sender's address, which many servers refuse at RCPT
MEANS_SESSION = (503, 530)  # RFC 5321, RFC 4954: commands out of order, not logged on
FAILURES = (aiosmtplib.SMTPException, OSError)


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
        )

    def trusts(self) -> ssl.SSLContext:
        """Verify the certificate and the name where TLS is insisted on.

        Where it is only taken when offered, who is on the way can strip the offer: to verify there
        keeps nobody out and loses the mail to a server with a certificate of its own (RFC 7435).
        """
        context = trusting(self.tls_ca)
        if self.starttls is None:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


@dataclass(slots=True, kw_only=True)
class Conversation:
    """One connection: one mail at a time, up to a hundred."""

    smtp: aiosmtplib.SMTP
    server: SmtpServer
    sent: int = 0
    used_at: float | None = None

    def usable(self) -> bool:
        """Whether another mail may follow."""
        return self.smtp.is_connected and self.sent < MAILS_A_CONNECTION

    def hang_up(self) -> None:
        """Break it off."""
        self.smtp.close()

    async def leave(self) -> None:
        """Take leave of the server where it listens."""
        try:
            await self.smtp.quit(timeout=CLOSING_SECONDS)
        except FAILURES:
            self.smtp.close()

    async def say(self, mail: Mail, before_dot: BeforeDot) -> Answer:
        """Drive MAIL, RCPT and DATA ourselves, so that "after the final dot" is known."""
        try:
            refusal = await self._envelope(mail)
        except FAILURES as error:
            return judged(error, Phase.BEFORE_DOT)
        if refusal is not None:
            return refusal
        await before_dot()
        try:
            reply = await self._content(mail.content)
        except FAILURES as error:
            return judged(error, Phase.AFTER_DOT)
        self.sent += 1
        return answered(reply.code, reply.message, Phase.ANSWERED)

    async def _envelope(self, mail: Mail) -> Answer | None:
        wait = self.server.command_seconds
        if mail.recipient.isascii():
            await self.smtp.mail(mail.sender, timeout=wait)
        elif self.smtp.supports_extension("smtputf8"):
            await self.smtp.mail(mail.sender, options=["SMTPUTF8"], timeout=wait)
        else:
            return Answer(
                outcome=Outcome.REFUSED, phase=Phase.BEFORE_DOT, reason=Reason.SMTPUTF8_MISSING
            )
        await self.smtp.rcpt(mail.recipient, encoding="utf-8", timeout=wait)
        reply = await self.smtp.execute_command(b"DATA", timeout=wait)
        if reply.code == aiosmtplib.SMTPStatus.start_input:
            return None
        return answered(reply.code, reply.message, Phase.BEFORE_DOT)

    async def _content(self, content: bytes) -> aiosmtplib.SMTPResponse:
        protocol = self.smtp.protocol
        if protocol is None:
            raise aiosmtplib.SMTPServerDisconnected("Connection lost")
        protocol.write(DOT_LINES.sub(b"..", content) + b".\r\n")
        return await protocol.read_response(timeout=self.server.dot_seconds)


@dataclass(slots=True, kw_only=True)
class Dialer:
    """Begins conversations. A certificate store is read once: each time costs milliseconds."""

    server: SmtpServer
    doubted: str | None = None  # a sender that was refused: the next try asks for it as well
    _context: ssl.SSLContext | None = None

    async def begin(self) -> Conversation:
        """Connect, and log on. Raises MailServerAway."""
        if self._context is None:
            self._context = await asyncio.to_thread(self.server.trusts)
        smtp = aiosmtplib.SMTP(
            hostname=self.server.host,
            port=self.server.port,
            use_tls=self.server.tls,
            start_tls=self.server.starttls,
            tls_context=self._context,
            username=self.server.username,
            password=self.server.password.reveal() if self.server.password else None,
            local_hostname=self.server.local_hostname,
            timeout=self.server.connect_seconds,
        )
        try:
            async with asyncio.timeout(self.server.connect_seconds):
                await smtp.connect()
                await smtp.ehlo()
                await self._ask_for_sender(smtp)
        except FAILURES as error:
            smtp.close()
            raise MailServerAway(code_of(error)) from error
        except BaseException:
            smtp.close()
            raise
        return Conversation(smtp=smtp, server=self.server)

    async def _ask_for_sender(self, smtp: aiosmtplib.SMTP) -> None:
        if self.doubted is not None:
            await smtp.mail(self.doubted)
            await smtp.rset()
            self.doubted = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpChannel:
    """One class's way to the server; after any error a conversation is replaced."""

    message_class: MessageClass
    dialer: Dialer
    connections: Connections[Conversation]

    async def send(self, mail: Mail, before_dot: BeforeDot) -> Answer:
        """Hand the mail over on a reused connection; where that one had died, on a fresh one."""
        while True:
            try:
                conversation = await self.connections.take(self.message_class)
            except MailServerAway as error:
                return Answer(outcome=Outcome.DEFERRED, phase=Phase.CONNECTING, code=error.code)
            reused = conversation.used_at is not None
            answer = await self._converse(conversation, mail, before_dot)
            if not (reused and died_before_the_mail(answer)):
                return answer

    async def reachable(self) -> bool:
        """After a refused connection one try at a time finds out whether it is over."""
        return await self.connections.reachable()

    async def probe(self) -> None:
        """For status: raise MailServerAway unless a conversation is open or can be begun. It tries
        no more often than couriers do.

        What it uses lies idle on, and what it opens it leaves: else no connection would ever be
        closed, and where the server takes few others were kept out.
        """
        if self.connections.lent and not self.connections.away:
            return  # connections are busy sending
        if not await self.connections.reachable():
            raise MailServerAway
        conversation = await self.connections.take(self.message_class)
        lies_idle = False
        try:
            await conversation.smtp.noop(timeout=conversation.server.command_seconds)
            lies_idle = conversation.used_at is not None
            if not lies_idle:
                await conversation.leave()
        except FAILURES as error:
            raise MailServerAway from error
        finally:
            give = self.connections.restore if lies_idle else self.connections.drop
            give(self.message_class, conversation)

    async def _converse(
        self, conversation: Conversation, mail: Mail, before_dot: BeforeDot
    ) -> Answer:
        """Keep the connection after an accepted mail only: anything else may have left it askew."""
        accepted = False
        try:
            answer = await conversation.say(mail, before_dot)
            accepted = answer.outcome is Outcome.ACCEPTED
        finally:
            self._give_back(conversation, fit=accepted)
        if answer.sender_refused:
            self.dialer.doubted = mail.sender
            self.connections.refuse(MailServerAway(answer.code))
        return answer

    def _give_back(self, conversation: Conversation, *, fit: bool) -> None:
        give = self.connections.keep if fit else self.connections.drop
        give(self.message_class, conversation)


def died_before_the_mail(answer: Answer) -> bool:
    """A server may close an idle connection at any time: that is no attempt at this mail."""
    return (
        answer.outcome is Outcome.DEFERRED
        and answer.phase is Phase.BEFORE_DOT
        and answer.code in (None, 421)
    )


def code_of(error: BaseException) -> int | None:
    """Return the server's reply code, where it replied."""
    if isinstance(error, aiosmtplib.SMTPResponseException) and error.code > 0:
        return error.code
    return None


def judged(error: BaseException, phase: Phase) -> Answer:
    """Judge what aiosmtplib raised once a conversation had begun."""
    code = code_of(error)
    if isinstance(error, aiosmtplib.SMTPResponseException) and code is not None:
        to_recipient = isinstance(error, aiosmtplib.SMTPRecipientRefused)
        answer = answered(code, error.message, phase, to_recipient=to_recipient)
        of_sender = isinstance(error, aiosmtplib.SMTPSenderRefused)
        return replace(answer, sender_refused=of_sender and answer.ours_to_mend)
    outcome = Outcome.UNANSWERED if phase is Phase.AFTER_DOT else Outcome.DEFERRED
    return Answer(outcome=outcome, phase=phase)


def answered(code: int, message: str, phase: Phase, *, to_recipient: bool = False) -> Answer:
    """Judge a reply code; one that is no verdict counts as no answer.

    A refusal is final where it means the recipient (NT-6). What a server says of the session, the
    sender or the content it says of every mail: that is ours to mend, and no mail is lost by it.
    """
    found = ENHANCED_CODE.match(message)
    enhanced_code = found[1] if found else None
    match code // 100:
        case 2:
            outcome = Outcome.ACCEPTED
        case 5 if to_recipient and means_recipient(code, enhanced_code):
            outcome = Outcome.REFUSED
        case 4 | 5:
            outcome = Outcome.DEFERRED
        case _:
            outcome = Outcome.UNANSWERED if phase is Phase.ANSWERED else Outcome.DEFERRED
    return Answer(outcome=outcome, phase=phase, code=code, enhanced_code=enhanced_code)


def means_recipient(code: int, enhanced_code: str | None) -> bool:
    """Whether a refusal of RCPT is one of the recipient. RFC 3463 tells; without its code most are.

    A server that puts off every verdict to RCPT (Postfix does) refuses the sender there as well.
    """
    if enhanced_code is None:
        return code not in MEANS_SESSION
    return MEANS_RECIPIENT.fullmatch(enhanced_code) is not None and (
        enhanced_code not in MEANS_SENDER
    )
