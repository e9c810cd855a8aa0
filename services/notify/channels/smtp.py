"""E-mail by SMTP: the one door to aiosmtplib. Connections are pooled, reused, never repaired."""

import asyncio
import re
from collections import deque
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import unquote, urlsplit

import aiosmtplib

from services.notify.channels import BeforeDot, Mail
from services.notify.errors import MailServerAway
from services.notify.model import Answer, Outcome, Phase
from shared.clock import Clock
from shared.logs import logger
from shared.settings import Secret

MAILS_A_CONNECTION = 100
IDLE_SECONDS = 30.0
CLOSING_SECONDS = 2.0
DOT_LINES = re.compile(rb"(?m)^\.")
ENHANCED_CODE = re.compile(r"^([245]\.\d{1,3}\.\d{1,3})\b")

log = logger("smtp")


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpServer:
    """Where the mail server is and how long each phase may take, in seconds."""

    host: str
    port: int
    tls: bool  # from the start
    starttls: bool | None  # None: where it is offered
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


@dataclass(slots=True, kw_only=True)
class Conversation:
    """One connection: one mail at a time, up to a hundred."""

    smtp: aiosmtplib.SMTP
    server: SmtpServer
    sent: int = 0
    used_at: float = 0.0

    def usable(self, now: float) -> bool:
        """Whether another mail may follow; an old silence is often a server that went away."""
        return (
            self.smtp.is_connected
            and self.sent < MAILS_A_CONNECTION
            and now - self.used_at < IDLE_SECONDS
        )

    async def say(self, mail: Mail, before_dot: BeforeDot) -> Answer:
        """Drive MAIL, RCPT and DATA ourselves, so that "after the final dot" is known."""
        try:
            refusal = await self._envelope(mail)
        except (aiosmtplib.SMTPException, OSError) as error:
            return judged(error, Phase.BEFORE_DOT)
        if refusal is not None:
            return refusal
        await before_dot()
        try:
            reply = await self._content(mail.content)
        except (aiosmtplib.SMTPException, OSError) as error:
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
            return Answer(outcome=Outcome.REFUSED, phase=Phase.BEFORE_DOT)
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
class SmtpChannel:
    """At most `connections` conversations at once; after any error a conversation is replaced."""

    server: SmtpServer
    connections: int
    clock: Clock
    _idle: deque[Conversation] = field(default_factory=deque)
    _slots: asyncio.Semaphore = field(init=False)
    _away: bool = False
    _trying: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        self._slots = asyncio.Semaphore(self.connections)

    async def send(self, mail: Mail, before_dot: BeforeDot) -> Answer:
        """Hand the mail over on a reused connection; where that one had died, on a fresh one."""
        async with self._slots:
            reused = self._take()
            if reused is not None:
                answer = await self._converse(reused, mail, before_dot)
                if not died_before_the_mail(answer):
                    return answer
            try:
                fresh = await self._begin()
            except (aiosmtplib.SMTPException, OSError) as error:
                return judged(error, Phase.CONNECTING)
            return await self._converse(fresh, mail, before_dot)

    async def reachable(self) -> bool:
        """After a refused connection one try at a time finds out whether it is over."""
        if not self._away:
            return True
        if self._trying.locked():
            return False
        async with self._trying, self._slots:
            try:
                self._keep(await self._begin())
            except (aiosmtplib.SMTPException, OSError):
                return False
        return True

    async def probe(self) -> None:
        """For the status: raise MailServerAway unless a conversation is open or can be begun."""
        if self._slots.locked() and not self._away:
            return  # every connection is busy sending
        try:
            async with asyncio.timeout(self.server.connect_seconds), self._slots:
                await self._greet(self._take() or await self._begin())
        except (aiosmtplib.SMTPException, OSError) as error:
            raise MailServerAway from error

    async def _greet(self, conversation: Conversation) -> None:
        answered = False
        try:
            await conversation.smtp.noop(timeout=self.server.command_seconds)
            answered = True
        finally:
            if answered:
                self._keep(conversation)
            else:
                conversation.smtp.close()

    async def close(self) -> None:
        """Take leave of the server where it listens."""
        while self._idle:
            conversation = self._idle.pop()
            try:
                await conversation.smtp.quit(timeout=CLOSING_SECONDS)
            except (aiosmtplib.SMTPException, OSError):
                conversation.smtp.close()

    async def _converse(
        self, conversation: Conversation, mail: Mail, before_dot: BeforeDot
    ) -> Answer:
        """Keep the connection after an accepted mail only: anything else may have left it askew."""
        accepted = False
        try:
            answer = await conversation.say(mail, before_dot)
            accepted = answer.outcome is Outcome.ACCEPTED
            return answer
        finally:
            if accepted:
                self._keep(conversation)
            else:
                conversation.smtp.close()

    async def _begin(self) -> Conversation:
        smtp = aiosmtplib.SMTP(
            hostname=self.server.host,
            port=self.server.port,
            use_tls=self.server.tls,
            start_tls=self.server.starttls,
            username=self.server.username,
            password=self.server.password.reveal() if self.server.password else None,
            local_hostname=self.server.local_hostname,
            timeout=self.server.connect_seconds,
        )
        try:
            async with asyncio.timeout(self.server.connect_seconds):
                await smtp.connect()
                await smtp.ehlo()
        except (aiosmtplib.SMTPException, OSError) as error:
            smtp.close()
            self._tell(away=True, error=error)
            raise
        except BaseException:
            smtp.close()
            raise
        self._tell(away=False)
        return Conversation(smtp=smtp, server=self.server, used_at=self.clock.monotonic())

    def _take(self) -> Conversation | None:
        while self._idle:
            conversation = self._idle.pop()
            if conversation.usable(self.clock.monotonic()):
                return conversation
            conversation.smtp.close()
        return None

    def _keep(self, conversation: Conversation) -> None:
        conversation.used_at = self.clock.monotonic()
        self._idle.append(conversation)

    def _tell(self, *, away: bool, error: Exception | None = None) -> None:
        if away and not self._away:
            log.warning("mail_server_away", error=error)
        elif self._away and not away:
            log.info("mail_server_back")
        self._away = away


def died_before_the_mail(answer: Answer) -> bool:
    """A server may close an idle connection at any time: that is no attempt at this mail."""
    return (
        answer.outcome is Outcome.DEFERRED
        and answer.phase is Phase.BEFORE_DOT
        and answer.code in (None, 421)
    )


def judged(error: Exception, phase: Phase) -> Answer:
    """Judge what aiosmtplib raised. A connection that cannot be made is never the mail's fault."""
    code, message = None, ""
    if isinstance(error, aiosmtplib.SMTPResponseException) and error.code > 0:
        code, message = error.code, error.message
    if phase is Phase.CONNECTING:
        return Answer(outcome=Outcome.DEFERRED, phase=phase, code=code)
    if code is not None:
        return answered(code, message, phase)
    outcome = Outcome.UNANSWERED if phase is Phase.AFTER_DOT else Outcome.DEFERRED
    return Answer(outcome=outcome, phase=phase)


def answered(code: int, message: str, phase: Phase) -> Answer:
    """Judge a reply code; one that is no verdict counts as no answer."""
    match code // 100:
        case 2:
            outcome = Outcome.ACCEPTED
        case 5:
            outcome = Outcome.REFUSED
        case 4:
            outcome = Outcome.DEFERRED
        case _:
            outcome = Outcome.UNANSWERED if phase is Phase.ANSWERED else Outcome.DEFERRED
    found = ENHANCED_CODE.match(message)
    return Answer(
        outcome=outcome, phase=phase, code=code, enhanced_code=found[1] if found else None
    )
