"""What `check` looks at in notify besides what it looks at everywhere."""

from datetime import timedelta

from services.notify.addresses.stored_keys import StoredKeys
from services.notify.communications.inbox import MOST_DEAD, MOST_WAITING
from services.notify.communications.store import inbox, waiting
from services.notify.ledger.held import HeldDeliveries
from services.notify.projections.store import practices
from services.notify.sending.channels.server import SmtpServer
from services.notify.sending.channels.smtp import Dialer
from services.notify.sending.errors import MailServerAway, ProviderAway
from services.notify.sending.features import text_channels
from services.notify.sending.store import due
from services.notify.settings import NotifySettings
from shared.contracts.practice_settings import Channel
from shared.program.asked import NeedsSetting
from shared.program.program import Checkup, Plumbing

LATE = timedelta(minutes=5)


async def check_held(plumbing: Plumbing[NotifySettings]) -> str | None:
    return await HeldDeliveries(acts=plumbing.acts).warning()


async def check_oldest_due(plumbing: Plumbing[NotifySettings]) -> str | None:
    """A delivery's turn comes as soon as it is due: one that lies has no courier, or no server."""
    async with plumbing.database.connection() as connection:
        count, oldest = await due.oldest_due(connection, before=plumbing.clock.now() - LATE)
    return f"{count}, the oldest since {oldest:%Y-%m-%d %H:%M}" if oldest else None


async def check_keys(plumbing: Plumbing[NotifySettings]) -> str | None:
    """Addresses that are not found by the form in which addresses are compared."""
    count = await StoredKeys(acts=plumbing.acts).outdated()
    return f"{count} addresses have a key of an older form, run `names re-key`" if count else None


async def check_waiting(plumbing: Plumbing[NotifySettings]) -> str | None:
    """What practices submitted is in the ledger within minutes, unless something is missing."""
    async with plumbing.database.connection() as connection:
        found = await waiting.late(connection, before=plumbing.clock.now() - LATE)
    told = (f"{one.depth} for {one.what} since {one.oldest:%Y-%m-%d %H:%M}" for one in found)
    return "; ".join(told) or None


async def check_inbox(plumbing: Plumbing[NotifySettings]) -> str | None:
    """Whatever else these systems publish is dead, until some of it is taken; and of those of whom
    as many are dead as are kept, the oldest are dropped.
    """
    async with plumbing.database.connection() as connection:
        found = await inbox.full(connection, most=MOST_WAITING)
        dead = await inbox.full_of_dead(connection, most=MOST_DEAD)
    told = [f"{count} of {user} wait" for user, count in found.items()]
    told += [f"{count} of {user or 'nobody'} are dead" for user, count in dead.items()]
    return "; ".join(told) or None


async def check_mail_server(plumbing: Plumbing[NotifySettings]) -> str | None:
    """Connect, log on, and leave: no mail is sent."""
    try:
        conversation = await Dialer(server=SmtpServer.of(plumbing.settings)).begin()
    except MailServerAway as error:
        return f"no conversation can be begun ({error.code or type(error.__cause__).__name__})"
    await conversation.leave()
    return None


async def check_texts(plumbing: Plumbing[NotifySettings]) -> str | None:
    """Ask the provider for our account: no message is sent. Without one nothing is asked, but what
    practices offer all the same is told.
    """
    channels = text_channels(plumbing)
    if not channels:
        async with plumbing.database.connection() as connection:
            count = await practices.count_offering(connection, Channel.TEXT_MESSAGE)
        if not count:
            raise NeedsSetting("TEXTS_URL")
        return f"{count} practices offer text messages, and there is no provider"
    try:
        await channels[0].look()
    except ProviderAway as away:
        said = f"{away.code}, {away.own}" if away.code else type(away.__cause__).__name__
        return f"the provider does not answer for our account ({said})"
    finally:
        await channels[0].close()
    return None


CHECKUPS: tuple[Checkup[NotifySettings], ...] = (
    Checkup(name="deliveries held", run=check_held),
    Checkup(name="deliveries due", run=check_oldest_due),
    Checkup(name="names", run=check_keys),
    Checkup(name="communications waiting", run=check_waiting),
    Checkup(name="systems' inboxes", run=check_inbox),
    Checkup(name="mail server", run=check_mail_server),
    Checkup(name="text messages", run=check_texts),
)
