"""Where a practice communication goes, and where next: pure, as all routing is (NT-1, NT-2).

Of what is submitted, what its patient chose and what her practice offers comes one intent, with the
reason why there is nothing to send where that is so.
"""

from dataclasses import dataclass

from services.notify.communications.model import Submitted
from services.notify.preferences.model import (
    NOT_AT_ALL,
    Means,
    Order,
    Reach,
    Way,
    wanted,
)
from services.notify.projections.model import Account, Practice
from services.notify.tellings import contents
from services.notify.tellings.intents import Destination, Intent
from services.notify.tellings.model import MessageClass, Reason

MAIL, NOTICE = Destination(means=Means.EMAIL), Destination(means=Means.PORTAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Routed:
    """Where one goes first, and where next if that fails; or why it goes nowhere."""

    first: Destination = MAIL
    then: tuple[Destination, ...] = ()
    refusal: Reason | None = None
    notice: bool = False


def practice_communication(
    submitted: Submitted,
    found: tuple[Account, bool] | None,
    *,
    practice: Practice,
    offers: tuple[Means, ...],
    reach: Reach,
) -> tuple[Intent, ...]:
    """Tell who is enrolled there, in the way that she chose.

    `found` is whose account the patient record belongs to, and whether it is enrolled.
    """
    topic = submitted.communication.topic
    content = contents.PracticeCommunication(practice_name=practice.name, topic=topic)
    account, enrolled = found or (None, False)
    ways = wanted(reach.preference, topic, offers=offers)
    routed = route(account, enrolled=enrolled, ways=ways, reach=reach)
    return (
        Intent(
            event_id=submitted.event_id,
            message_class=MessageClass.PRACTICE_COMMUNICATION,
            template=contents.template_of(content),
            account_id=account.account_id if account else None,
            means=routed.first.means,
            address=routed.first.address,
            address_id=routed.first.address_id,
            then=routed.then,
            refusal=routed.refusal,
            notice=routed.notice,
            content=content,
            locale=account.locale if account else practice.locale,
            time_zone=account.time_zone if account else "UTC",
            occurred_at=submitted.submitted_at,
            correlation_id=submitted.correlation_id,
            communication=submitted.communication,
        ),
    )


def route(account: Account | None, *, enrolled: bool, ways: Order, reach: Reach) -> Routed:
    """Take the first way that leads somewhere; the others are left for where it fails.

    A notice that stands in for an address that she has not got is told as that: the row says why
    nothing was mailed.
    """
    if account is None:
        return Routed(refusal=Reason.NO_ACCOUNT)
    if not enrolled:
        return Routed(refusal=Reason.NOT_ENROLLED)
    if ways == NOT_AT_ALL:
        return Routed(first=Destination(means=Means.NONE), refusal=Reason.NOT_WANTED)
    found = [end for way in ways if (end := destination(way, account, reach))]
    if not found:
        return Routed(refusal=Reason.NO_ADDRESS)
    first, *others = found
    if first == NOTICE and ways[0].means is not Means.PORTAL:
        return Routed(refusal=Reason.NO_ADDRESS, notice=True)
    if first == NOTICE:
        return Routed(first=first, notice=True)
    return Routed(first=first, then=tuple(others))


def destination(way: Way, account: Account, reach: Reach) -> Destination | None:
    """Say where a way leads; None: nowhere, so the next one is taken."""
    if way.means is Means.PORTAL:
        return NOTICE
    if way.means is Means.NONE:
        return None
    address_id = way.address_id
    if address_id is not None:
        address = reach.addresses.get(address_id)
    elif way.means is Means.TEXT_MESSAGE:
        address_id, address = reach.number or (None, None)
    else:
        address = account.email
    if address is None:
        return None
    return Destination(means=way.means, address=address, address_id=address_id)
