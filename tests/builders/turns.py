"""A delivery as its courier holds it: a test states only what matters to it."""

from dataclasses import replace
from typing import Any

from services.notify.ledger.model import DeliveryId
from services.notify.preferences.model import Means
from services.notify.sending.model import Turn
from services.notify.tellings.contents import Content
from shared.contracts.identity import AccountState
from tests.builders import events
from tests.support.clock import START


def a_turn(content: Content, **changed: Any) -> Turn:
    """A mail for an active account at its own address, tried for the first time."""
    made = Turn(
        id=DeliveryId(events.RANDOMNESS.uuid()),
        event_id=events.new_event(),
        message_class=content.message_class,
        account_id=events.new_account(),
        means=Means.EMAIL,
        address=events.ADDRESS,
        content=content,
        locale="en",
        time_zone="UTC",
        zone_of_now="UTC",
        sealed=None,
        link_purpose=None,
        expires_at=None,
        correlation_id=events.RANDOMNESS.uuid(),
        own_address_only=False,
        waits_since=START,
        attempts=1,
        unanswered=0,
        superseded=False,
        absorbed=False,
        account_state=AccountState.ACTIVE,
        account_email=events.ADDRESS,
        enrolment=None,
        contested=False,
    )
    return replace(made, **changed)
