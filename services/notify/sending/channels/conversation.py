"""One connection's mails, one after another: envelope and DATA in one write where that is offered.

MAIL, RCPT and DATA go out together with PIPELINING (RFC 2920), one by one without. Either way no
content follows unless all three agreed: a final dot would end a mail for nobody.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from services.notify.sending.channels import BeforeDot, Mail
from services.notify.sending.channels.answers import Step, answered
from services.notify.sending.channels.replies import Replies
from services.notify.sending.model import Answer, Outcome, Phase
from services.notify.tellings.model import Reason

MAILS_A_CONNECTION = 100
CLOSING_SECONDS = 2.0
DOT_LINES = re.compile(rb"(?m)^\.")
CUT_SHORT = Answer(outcome=Outcome.DEFERRED, phase=Phase.BEFORE_DOT)
UNSENT = Answer(outcome=Outcome.DEFERRED, phase=Phase.AFTER_DOT)  # marked, and nobody to send it to
UNANSWERED = Answer(outcome=Outcome.UNANSWERED, phase=Phase.AFTER_DOT)
NOT_WRITABLE = Answer(
    outcome=Outcome.REFUSED, phase=Phase.BEFORE_DOT, reason=Reason.SMTPUTF8_MISSING
)


@dataclass(slots=True, kw_only=True)
class Conversation:
    """A connection that has been greeted, encrypted and logged on: up to a hundred mails."""

    replies: Replies
    pipelining: bool  # what the server offers
    smtputf8: bool
    dsn: bool
    receipts: bool  # what we ask for, where it offers DSN
    command_seconds: float
    dot_seconds: float
    sent: int = 0
    used_at: float | None = None

    def usable(self) -> bool:
        """Whether another mail may follow."""
        return not self.replies.over and self.sent < MAILS_A_CONNECTION

    def hang_up(self) -> None:
        """Break it off: a server that was promised content forgets the mail (RFC 5321 4.1.1.10)."""
        self.replies.hang_up()

    async def leave(self) -> None:
        """Take leave of the server where it listens."""
        await self.replies.ask(b"QUIT", within=CLOSING_SECONDS)
        self.replies.hang_up()

    async def listens(self) -> bool:
        """Whether the server answers."""
        replies = await self.replies.ask(b"NOOP", within=self.command_seconds)
        return [reply.code for reply in replies] == [250]

    async def say(self, mail: Mail, before_dot: BeforeDot) -> Answer:
        """Send a mail; after anything but its acceptance the connection is fit for no other."""
        if not (mail.recipient.isascii() or self.smtputf8):
            return NOT_WRITABLE
        refusal = await self._envelope(mail)
        if refusal is not None:
            return refusal
        await before_dot()
        return UNSENT if self.replies.over else await self._content(mail.content)

    async def _envelope(self, mail: Mail) -> Answer | None:
        """Have all three agreed to; the first that was not tells why."""
        for steps in ALL_TOGETHER if self.pipelining else ONE_BY_ONE:
            commands = [self._command(step, mail) for step in steps]
            replies = await self.replies.ask(*commands, within=self.command_seconds)
            for step, reply in zip(steps, replies, strict=False):
                if not step.agrees(reply):
                    return answered(step, reply, utf8=not mail.recipient.isascii())
            if self.replies.over:
                return CUT_SHORT
        return None

    def _command(self, step: Step, mail: Mail) -> bytes:
        """Write it as it goes over the wire. The addresses are `mailable`: none needs quotes.

        Of a mail that is given back nobody needs more than its headers (RFC 3461): a link in it
        would travel once more.
        """
        match step:
            case Step.MAIL:
                utf8 = "" if mail.recipient.isascii() else " SMTPUTF8"
                headers = " RET=HDRS" if self.dsn else ""
                return f"MAIL FROM:<{mail.sender}>{utf8}{headers}".encode()
            case Step.RCPT:
                notify = " NOTIFY=SUCCESS,FAILURE" if self.dsn and self.receipts else ""
                return f"RCPT TO:<{mail.recipient}>{notify}".encode()
            case _:
                return step.value.encode()

    async def _content(self, content: bytes) -> Answer:
        whole = DOT_LINES.sub(b"..", content) + b".\r\n"
        reply = await self.replies.hand_over(whole, within=self.dot_seconds)
        if reply is None:
            return UNANSWERED
        self.sent += 1
        return answered(Step.DOT, reply)


ENVELOPE = (Step.MAIL, Step.RCPT, Step.DATA)
ALL_TOGETHER: Sequence[Sequence[Step]] = (ENVELOPE,)
ONE_BY_ONE: Sequence[Sequence[Step]] = tuple((step,) for step in ENVELOPE)
