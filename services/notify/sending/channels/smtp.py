"""E-mail by SMTP: the one door to aiosmtplib, which connects, encrypts and logs on.

From there on the conversation is ours. Connections are pooled, reused, never repaired.
"""

import asyncio
import ssl
from dataclasses import dataclass, field

import aiosmtplib

from services.notify.sending.channels import BeforeDot, Mail
from services.notify.sending.channels.answers import died_before_the_mail
from services.notify.sending.channels.connections import Connections
from services.notify.sending.channels.conversation import Conversation
from services.notify.sending.channels.dots import Dots
from services.notify.sending.channels.replies import Replies
from services.notify.sending.channels.server import SmtpServer
from services.notify.sending.channels.silence import Silence
from services.notify.sending.errors import MailServerAway, MailServerStalled, StillAway
from services.notify.sending.model import Answer, Outcome, Phase
from services.notify.tellings.model import MessageClass

FAILURES = (aiosmtplib.SMTPException, OSError)


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
        return self._conversation(smtp)

    def _conversation(self, smtp: aiosmtplib.SMTP) -> Conversation:
        """Take its transport over. What it has read beyond its last reply nobody asked for."""
        if not (smtp.is_connected and isinstance(smtp.transport, asyncio.Transport)):
            raise MailServerAway  # the server has hung up by now
        return Conversation(
            replies=Replies(smtp.transport),
            pipelining=smtp.supports_extension("pipelining"),
            smtputf8=smtp.supports_extension("smtputf8"),
            dsn=smtp.supports_extension("dsn"),
            receipts=self.server.receipts,
            command_seconds=self.server.command_seconds,
            dot_seconds=self.server.dot_seconds,
        )

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
    dots: Dots
    silence: Silence = field(default_factory=Silence)

    async def send(self, mail: Mail, before_dot: BeforeDot) -> Answer:
        """Hand the mail over, while the server answers final dots; one at a time finds it out."""
        with self.dots.passage() as passage:

            async def before() -> None:
                self.dots.go_out(passage)
                await before_dot()

            answer = await self._hand_over(mail, before)
            self.dots.judge(passage, answer)
        return answer

    async def reachable(self) -> bool:
        """After a refused connection one try at a time finds out whether it is over."""
        return self.dots.open and await self.connections.reachable()

    async def probe(self) -> None:
        """For status: raise MailServerAway unless a conversation is open or can be begun, and
        MailServerStalled where this class's mails get no reply. It tries no more often than
        couriers do.

        What it uses lies idle on, and what it opens it leaves: else no connection would ever be
        closed, and where the server takes few others were kept out.
        """
        if not self.connections.away and (self.silence.stalled or self.dots.paused):
            raise MailServerStalled
        if self.connections.lent and not self.connections.away:
            return  # connections are busy sending
        if not await self.connections.reachable():
            raise MailServerAway
        conversation = await self.connections.take(self.message_class)
        lies_idle = False
        try:
            if not await conversation.listens():
                raise MailServerAway
            lies_idle = conversation.used_at is not None
            if not lies_idle:
                await conversation.leave()
        finally:
            give = self.connections.restore if lies_idle else self.connections.drop
            give(self.message_class, conversation)

    async def _hand_over(self, mail: Mail, before_dot: BeforeDot) -> Answer:
        """Send it on a reused connection; where that one had died, on a fresh one."""
        while True:
            try:
                conversation = await self.connections.take(self.message_class)
            except StillAway:
                raise
            except MailServerAway as error:
                return Answer(
                    outcome=Outcome.DEFERRED,
                    phase=Phase.CONNECTING,
                    code=error.code,
                    ours_to_mend=error.code is not None and error.code >= 500,
                )
            reused = conversation.used_at is not None
            answer = await self._converse(conversation, mail, before_dot)
            if not (reused and died_before_the_mail(answer)):
                return answer

    async def _converse(
        self, conversation: Conversation, mail: Mail, before_dot: BeforeDot
    ) -> Answer:
        """Keep the connection after an accepted mail only: anything else may have left it askew."""
        accepted = False
        try:
            with self.silence.during(conversation.replies):
                answer = await conversation.say(mail, before_dot)
            accepted = answer.outcome is Outcome.ACCEPTED
        finally:
            self._give_back(conversation, fit=accepted)
        if answer.code is not None:
            self.silence.end()
        if answer.sender_refused:
            self.dialer.doubted = mail.sender
            self.connections.refuse(MailServerAway(answer.code))
        return answer

    def _give_back(self, conversation: Conversation, *, fit: bool) -> None:
        give = self.connections.keep if fit else self.connections.drop
        give(self.message_class, conversation)


def code_of(error: BaseException) -> int | None:
    """Return the server's reply code, where it replied."""
    if isinstance(error, aiosmtplib.SMTPResponseException) and error.code > 0:
        return error.code
    return None
