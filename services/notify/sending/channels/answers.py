"""What a mail server's reply comes to: a verdict on the mail, on its recipient, or on us. Pure."""

import re
from enum import StrEnum

from services.notify.sending.channels.replies import Reply
from services.notify.sending.model import Answer, Outcome, Phase
from services.notify.suppressions.model import MEANS_SENDER
from services.notify.tellings.model import Reason

ENHANCED_CODE = re.compile(r"([245]\.\d{1,3}\.\d{1,3})\b")
MEANS_RECIPIENT = re.compile(r"5\.[12]\.\d+")  # RFC 3463: its address, its mailbox
MEANS_UTF8 = re.compile(r"5\.[56]\.\d+")  # of the command and its parameters, of the content's kind
MEANS_SESSION = (503, 530)  # RFC 5321, RFC 4954: commands out of order, not logged on


class Step(StrEnum):
    """What of a mail a reply is to."""

    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    DOT = "."

    def agrees(self, reply: Reply) -> bool:
        """Whether the next step may follow."""
        return reply.code in AGREES[self]


AGREES = {
    Step.MAIL: (250,),
    Step.RCPT: (250, 251),
    Step.DATA: (354,),
    Step.DOT: range(200, 300),
}


def answered(step: Step, reply: Reply, *, utf8: bool = False) -> Answer:
    """Judge a reply that ends a conversation; one that is no verdict counts as no answer.

    A refusal is final where it means the recipient (NT-6). What a server says of the session, the
    sender or the content it says of every mail: that is ours to mend, and no mail is lost by it.
    Only the final dot's is a word on the mail itself, which the server did not have before.

    `utf8` is whether its MAIL asked for SMTPUTF8. Where that is refused it says nothing of the
    sender of other mails: anybody can add an address that needs it, and would hold up everybody's.
    """
    found = ENHANCED_CODE.match(reply.text)
    enhanced_code = found[1] if found else None
    phase = Phase.ANSWERED if step is Step.DOT else Phase.BEFORE_DOT
    refused = reply.code >= 500
    reason = Reason.REFUSED
    if step is Step.DOT and step.agrees(reply):
        outcome = Outcome.ACCEPTED
    elif step is Step.RCPT and refused and means_recipient(reply.code, enhanced_code):
        outcome = Outcome.REFUSED
    elif step is Step.MAIL and refused and utf8 and means_utf8(reply.code, enhanced_code):
        outcome, reason = Outcome.REFUSED, Reason.SMTPUTF8_MISSING
    elif step is Step.DOT and reply.code < 400:
        outcome = Outcome.UNANSWERED
    else:
        outcome = Outcome.DEFERRED
    return Answer(
        outcome=outcome,
        phase=phase,
        code=reply.code,
        enhanced_code=enhanced_code,
        reason=reason,
        ours_to_mend=outcome is Outcome.DEFERRED and refused,
        sender_refused=step is Step.MAIL and refused and not utf8,
    )


def means_recipient(code: int, enhanced_code: str | None) -> bool:
    """Whether a refusal of RCPT is one of the recipient. RFC 3463 tells; without its code most are.

    A server that puts off every verdict to RCPT (Postfix does) refuses the sender there as well.
    """
    if enhanced_code is None:
        return code not in MEANS_SESSION
    return MEANS_RECIPIENT.fullmatch(enhanced_code) is not None and (
        enhanced_code not in MEANS_SENDER
    )


def means_utf8(code: int, enhanced_code: str | None) -> bool:
    """Whether a refusal of MAIL with SMTPUTF8 is one of that (RFC 6531, 3.5): the mail cannot be
    written there. One of the session or of us is none, and the mail waits alone.
    """
    if enhanced_code is None:
        return code not in MEANS_SESSION
    return MEANS_UTF8.fullmatch(enhanced_code) is not None


def died_before_the_mail(answer: Answer) -> bool:
    """A server may close an idle connection at any time: that is no attempt at this mail."""
    return (
        answer.outcome is Outcome.DEFERRED
        and answer.phase is Phase.BEFORE_DOT
        and answer.code in (None, 421)
    )
