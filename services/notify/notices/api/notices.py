"""NT-8 over HTTP: notices in the portal."""

from datetime import datetime

from services.notify.notices.features import Features
from services.notify.notices.model import NoticeId
from services.notify.tellings.model import MessageClass
from shared.http.routes import Call, NoBody, NoReply, Reply
from shared.trust.access import SessionCaller


class Notice(Reply, frozen=True, kw_only=True):
    """In the account's language as it is now; `text` has lines, no markup."""

    id: NoticeId
    message_class: MessageClass
    template: str
    subject: str
    text: str
    at: datetime
    read: bool


class Notices(Reply, frozen=True, kw_only=True):
    """The newest hundred of each class that were not dismissed, newest first."""

    notices: tuple[Notice, ...]


async def list_notices(features: Features, call: Call[NoBody, SessionCaller]) -> Notices:
    """Show a person what waits for her, in her language. Raises CatchingUp (UN-1)."""
    await features.projections.arrived(call.caller.account_id, call.caller.account_version)
    return Notices(
        notices=tuple(
            Notice(
                id=notice.id,
                message_class=notice.message_class,
                template=notice.template,
                subject=printed.subject,
                text=printed.text,
                at=notice.created_at,
                read=notice.read,
            )
            for notice, printed in await features.notices.undismissed(call.caller.account_id)
        )
    )


async def read_notice(
    features: Features, call: Call[NoBody, SessionCaller], notice_id: NoticeId
) -> NoReply:
    """She has seen it; it stays in the list."""
    await features.notices.read(notice_id, call.caller.account_id, now=call.now)
    return NoReply()


async def dismiss_notice(
    features: Features, call: Call[NoBody, SessionCaller], notice_id: NoticeId
) -> NoReply:
    """It leaves the list for good."""
    await features.notices.dismiss(notice_id, call.caller.account_id, now=call.now)
    return NoReply()
