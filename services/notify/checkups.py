"""What `check` looks at in notify besides what it looks at everywhere."""

from datetime import timedelta

from services.notify.ledger.held import HeldDeliveries
from services.notify.sending.channels.server import SmtpServer
from services.notify.sending.channels.smtp import Dialer
from services.notify.sending.errors import MailServerAway
from services.notify.sending.store import turns
from services.notify.settings import NotifySettings
from shared.program.program import Checkup, Plumbing

LATE = timedelta(minutes=5)


async def check_held(plumbing: Plumbing[NotifySettings]) -> str | None:
    return await HeldDeliveries(acts=plumbing.acts).warning()


async def check_oldest_due(plumbing: Plumbing[NotifySettings]) -> str | None:
    """A delivery's turn comes as soon as it is due: one that lies has no courier, or no server."""
    async with plumbing.database.connection() as connection:
        count, oldest = await turns.oldest_due(connection, before=plumbing.clock.now() - LATE)
    return f"{count}, the oldest since {oldest:%Y-%m-%d %H:%M}" if oldest else None


async def check_mail_server(plumbing: Plumbing[NotifySettings]) -> str | None:
    """Connect, log on, and leave: no mail is sent."""
    try:
        conversation = await Dialer(server=SmtpServer.of(plumbing.settings)).begin()
    except MailServerAway as error:
        return f"no conversation can be begun ({error.code or type(error.__cause__).__name__})"
    await conversation.leave()
    return None


CHECKUPS: tuple[Checkup[NotifySettings], ...] = (
    Checkup(name="deliveries held", run=check_held),
    Checkup(name="deliveries due", run=check_oldest_due),
    Checkup(name="mail server", run=check_mail_server),
)
