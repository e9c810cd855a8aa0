"""What can be done about a forgotten username."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.recovery.settings import RecoverySettings
from services.recovery.usernames.asking import ReminderRequests
from services.recovery.usernames.model import named_reminder_limit, reminder_limit
from services.recovery.usernames.reminders import Reminders
from services.recovery.waiting import features as waiting
from services.recovery.waiting.model import Kind
from shared.program.program import Plumbing
from shared.trust.sealing import Sealer


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    requests: ReminderRequests
    waiting: waiting.Features


def compose(
    plumbing: Plumbing[RecoverySettings],
    *,
    sealer: Sealer,
    fed_since: Callable[[], datetime | None],
) -> Features:
    """Build the group."""
    settings = plumbing.settings
    reminders = Reminders(
        sealer=sealer,
        digests=plumbing.digests,
        limit=reminder_limit(an_hour=settings.reminders_an_hour),
        named_limit=named_reminder_limit(
            an_hour=settings.named_reminders_an_hour,
            closing=timedelta(minutes=settings.named_reminders_closing),
        ),
    )
    waits = waiting.compose(
        plumbing, Kind.USERNAME_REMINDER, reminders.work, loop="reminders", fed_since=fed_since
    )
    return Features(
        requests=ReminderRequests(
            acts=plumbing.acts, requests=waits.requests, digests=plumbing.digests
        ),
        waiting=waits,
    )
