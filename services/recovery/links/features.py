"""What can be done with reset links."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.recovery.grants.grants import PasswordGrants
from services.recovery.links.links import Links
from services.recovery.links.mails import LinkMails
from services.recovery.links.model import link_mail_limit
from services.recovery.settings import RecoverySettings
from services.recovery.waiting import features as waiting
from services.recovery.waiting.model import Kind
from shared.one_time import Mint
from shared.program.program import Plumbing


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    waiting: waiting.Features
    links: Links


def compose(
    plumbing: Plumbing[RecoverySettings],
    *,
    mint: Mint,
    grants: PasswordGrants,
    fed_since: Callable[[], datetime | None],
) -> Features:
    """Build the group."""
    settings = plumbing.settings
    mails = LinkMails(
        mint=mint,
        limit=link_mail_limit(
            pause=timedelta(seconds=settings.link_pause),
            an_hour=settings.links_an_hour,
            a_day=settings.links_a_day,
        ),
    )
    return Features(
        waiting=waiting.compose(
            plumbing, Kind.RESET_LINK, mails.work, loop="link mails", fed_since=fed_since
        ),
        links=Links(acts=plumbing.acts, digests=plumbing.digests, grants=grants),
    )
