"""What can be done with unsubscriptions."""

from dataclasses import dataclass

from services.notify.sending.unsubscribe_links import UnsubscribeLinks
from services.notify.settings import NotifySettings
from services.notify.unsubscriptions.unsubscriptions import Unsubscriptions
from shared.program.program import Plumbing


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    unsubscriptions: Unsubscriptions


def compose(plumbing: Plumbing[NotifySettings], *, links: UnsubscribeLinks) -> Features:
    """Build the group."""
    texts = plumbing.settings.offers_texts
    return Features(unsubscriptions=Unsubscriptions(acts=plumbing.acts, links=links, texts=texts))
