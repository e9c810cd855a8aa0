"""What an operator should see to: counted each time, logged at most once an hour for each cause."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from enum import StrEnum

from services.notify.tellings.model import MessageClass
from shared.clock import Clock
from shared.logs import logger
from shared.metrics import Metrics

QUIET_SECONDS = 3600.0
MOST = 1000  # causes remembered; a thousand and one are told too often rather than never

log = logger("alarms")


class Cause(StrEnum):
    """Why mails stay away that nobody but an operator can mend."""

    REFUSED_US = "refused_us"  #: the mail server refuses the session, the sender or the content
    SEAL_UNOPENED = "seal_unopened"  #: a link's key is not here, or its seal is broken
    NOT_RENDERABLE = "not_renderable"  #: a template cannot print what it is told
    ADDRESS_FOREIGN = "address_foreign"  #: another service named an address not the account's


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarms:
    """Ten thousand mails that one wrong setting holds up are one line, not ten thousand."""

    clock: Clock
    metrics: Metrics
    told: dict[Hashable, float] = field(default_factory=dict)

    def sound(
        self, cause: Cause, message_class: MessageClass, *, of: Hashable, **fields: object
    ) -> None:
        """Count it, and log it where nothing of this cause and `of` was logged within the hour."""
        self.metrics.count("mail_alarms", message_class=message_class, cause=cause)
        now = self.clock.monotonic()
        last = self.told.get((cause, of))
        if last is not None and now - last < QUIET_SECONDS:
            return
        if len(self.told) >= MOST:
            self.told.clear()
        self.told[cause, of] = now
        log.error("mail_alarm", reason=cause, message_class=message_class, **fields)
