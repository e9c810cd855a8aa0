"""What can be done with what a provider of text messages tells."""

from dataclasses import dataclass

from services.notify.ledger.ledger import Ledger
from services.notify.sending.channels.provider import Provider
from services.notify.settings import NotifySettings
from services.notify.suppressions.stops import Stops
from services.notify.texts.answers import Answers
from services.notify.texts.receipts import Receipts
from shared.acts import Acts
from shared.program.program import Plumbing


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    acts: Acts
    provider: Provider | None
    receipts: Receipts
    answers: Answers


def compose(plumbing: Plumbing[NotifySettings], *, ledger: Ledger, stops: Stops) -> Features:
    """Build the group."""
    return Features(
        acts=plumbing.acts,
        provider=Provider.of(plumbing.settings),
        receipts=Receipts(acts=plumbing.acts),
        answers=Answers(acts=plumbing.acts, stops=stops, ledger=ledger, digests=plumbing.digests),
    )
