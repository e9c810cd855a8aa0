"""What may be chosen, and where a practice communication goes by it (NT-2)."""

from dataclasses import replace

import pytest

from services.notify.ledger.model import State
from services.notify.preferences.choices import check_order
from services.notify.preferences.errors import ChannelNotOffered, OrderContradictory
from services.notify.preferences.model import (
    NOT_AT_ALL,
    AddressId,
    Means,
    Order,
    Preference,
    Reach,
    Way,
    is_mailed,
    unsubscribed,
    wanted,
)
from services.notify.projections.model import Account
from services.notify.sending.model import Verdict
from services.notify.sending.verdicts import falling_back
from services.notify.tellings.intents import Destination
from services.notify.tellings.model import Reason
from services.notify.tellings.practice_communications import Routed, route
from shared.contracts.identity import AccountState
from shared.contracts.notify import Topic
from shared.errors import Refused
from shared.randomness import Randomness
from tests.builders import events
from tests.support.clock import START

pytestmark = pytest.mark.proves("NT-2")

ID, GONE = AddressId(Randomness().uuid()), AddressId(Randomness().uuid())
EMAIL, _, PORTAL, NONE = (Way(means=means) for means in Means)
OTHER, REMOVED = (Way(means=Means.EMAIL, address_id=one) for one in (ID, GONE))
NUMBER = Way(means=Means.TEXT_MESSAGE, address_id=ID)
BOTH = (Means.EMAIL, Means.PORTAL)
ALL = (Means.EMAIL, Means.TEXT_MESSAGE, Means.PORTAL)
ACCOUNT = Account(
    account_id=events.new_account(),
    state=AccountState.ACTIVE,
    email="own@mail.example",
    locale="en",
    time_zone="UTC",
)
WITHOUT = replace(ACCOUNT, email=None)
TO_OWN = Destination(means=Means.EMAIL, address="own@mail.example")
TO_OTHER = Destination(means=Means.EMAIL, address="other@mail.example", address_id=ID)
TO_PORTAL = Destination(means=Means.PORTAL)
NOWHERE = Destination(means=Means.EMAIL)


@pytest.mark.parametrize(
    ("ways", "refusal"),
    [
        ((), None),
        ((EMAIL,), None),
        ((OTHER, EMAIL, PORTAL), None),
        ((NONE,), None),
        ((EMAIL, EMAIL), OrderContradictory),
        ((PORTAL, EMAIL), OrderContradictory),
        ((EMAIL, PORTAL, NONE), None),
        ((NONE, EMAIL), OrderContradictory),
        ((NONE, NONE), OrderContradictory),
        ((replace(PORTAL, address_id=ID),), OrderContradictory),
        ((replace(NONE, address_id=ID),), OrderContradictory),
    ],
)
def test_each_way_stands_once_a_notice_last_and_none_behind_it(
    ways: Order, refusal: type[Refused] | None
) -> None:
    if refusal is None:
        check_order(ways, "default", offers=BOTH)
    else:
        with pytest.raises(refusal):
            check_order(ways, "default", offers=BOTH)


def test_only_what_the_practice_offers_can_be_chosen_and_none_always() -> None:
    check_order((NONE,), "default", offers=(Means.PORTAL,))
    with pytest.raises(ChannelNotOffered):
        check_order((EMAIL, PORTAL), "default", offers=(Means.PORTAL,))


@pytest.mark.parametrize(
    ("preference", "offers", "ways"),
    [
        (Preference(), BOTH, (EMAIL, PORTAL)),
        (Preference(), (Means.PORTAL, Means.EMAIL), (PORTAL, EMAIL)),
        (Preference(default=(PORTAL,)), BOTH, (PORTAL,)),
        (Preference(default=(NONE,)), BOTH, NOT_AT_ALL),
        (Preference(default=(NONE,), topics={Topic.MESSAGE: (OTHER,)}), BOTH, (OTHER,)),
        (Preference(topics={Topic.STATEMENT: (NONE,)}), BOTH, (EMAIL, PORTAL)),
        (Preference(default=(OTHER, PORTAL)), (Means.PORTAL,), (PORTAL,)),
        (Preference(default=(OTHER, EMAIL)), (Means.PORTAL,), (PORTAL,)),
        (Preference(default=(EMAIL, NONE)), BOTH, (EMAIL, NONE)),
        (Preference(default=(EMAIL, NONE)), (Means.PORTAL,), NOT_AT_ALL),
    ],
    ids=[
        "the practice's order",
        "the practice's other order",
        "for all",
        "none",
        "a topic's own",
        "another topic's own",
        "what is not offered any more is passed over",
        "nothing is left of what was chosen",
        "one and no other",
        "nothing is left, and nothing else is wanted",
    ],
)
def test_a_message_goes_as_is_chosen_for_it_or_for_all_or_in_the_order_of_the_practice(
    preference: Preference, offers: tuple[Means, ...], ways: Order
) -> None:
    assert wanted(preference, Topic.MESSAGE, offers=offers) == ways


@pytest.mark.parametrize(
    ("account", "ways", "routed"),
    [
        (ACCOUNT, (EMAIL, PORTAL), Routed(first=TO_OWN, then=(TO_PORTAL,))),
        (ACCOUNT, (OTHER, EMAIL, PORTAL), Routed(first=TO_OTHER, then=(TO_OWN, TO_PORTAL))),
        (ACCOUNT, (REMOVED, EMAIL), Routed(first=TO_OWN)),
        (ACCOUNT, (PORTAL,), Routed(first=TO_PORTAL, notice=True)),
        (ACCOUNT, (OTHER, PORTAL, NONE), Routed(first=TO_OTHER, then=(TO_PORTAL,))),
        (ACCOUNT, (REMOVED, NONE), Routed(refusal=Reason.NO_ADDRESS)),
        (
            ACCOUNT,
            NOT_AT_ALL,
            Routed(first=Destination(means=Means.NONE), refusal=Reason.NOT_WANTED),
        ),
        (WITHOUT, (EMAIL, PORTAL), Routed(refusal=Reason.NO_ADDRESS, notice=True)),
        (WITHOUT, (EMAIL, OTHER), Routed(first=TO_OTHER)),
        (WITHOUT, (EMAIL,), Routed(refusal=Reason.NO_ADDRESS)),
    ],
)
def test_the_first_way_that_leads_somewhere_is_taken_and_none_is_none(
    account: Account, ways: Order, routed: Routed
) -> None:
    addresses = {ID: "other@mail.example"}

    assert route(account, enrolled=True, ways=ways, reach=Reach(addresses=addresses)) == routed


@pytest.mark.parametrize("ways", [(EMAIL,), (PORTAL,), NOT_AT_ALL])
def test_nobody_is_told_who_is_not_enrolled_whatever_was_chosen(ways: Order) -> None:
    assert route(ACCOUNT, enrolled=False, ways=ways, reach=Reach()).refusal is Reason.NOT_ENROLLED
    assert route(None, enrolled=False, ways=ways, reach=Reach()).refusal is Reason.NO_ACCOUNT


def failed(reason: Reason) -> Verdict:
    return Verdict(state=State.FAILED, reason=reason, unanswered=1)


@pytest.mark.parametrize(
    "reason", [Reason.NO_ADDRESS, Reason.ADDRESS_INVALID, Reason.REFUSED, Reason.GAVE_UP]
)
def test_where_one_way_fails_the_next_is_taken(reason: Reason) -> None:
    verdict = falling_back(failed(reason), (TO_OTHER, TO_PORTAL), now=START)

    assert verdict == Verdict(
        state=State.QUEUED, due_at=START, unanswered=1, to=TO_OTHER, then=(TO_PORTAL,)
    )


def test_a_notice_stands_in_for_the_last_address_and_the_row_tells_how_that_failed() -> None:
    verdict = falling_back(failed(Reason.REFUSED), (TO_PORTAL,), now=START)

    assert verdict == replace(failed(Reason.REFUSED), notice=True)


@pytest.mark.parametrize(
    "verdict",
    [
        Verdict(state=State.UNKNOWN, reason=Reason.UNANSWERED),
        Verdict(state=State.SENT),
        Verdict(state=State.QUEUED, due_at=START),
        Verdict(state=State.CANCELLED, reason=Reason.NOT_ENROLLED),
        failed(Reason.NOT_RENDERABLE),
    ],
    ids=lambda verdict: str(verdict.reason or verdict.state),
)
def test_nothing_else_falls_back_least_of_all_what_may_have_arrived(verdict: Verdict) -> None:
    assert falling_back(verdict, (TO_OTHER, TO_PORTAL), now=START) == verdict


def test_without_another_way_a_failure_is_one() -> None:
    assert falling_back(failed(Reason.REFUSED), (), now=START) == failed(Reason.REFUSED)


@pytest.mark.proves("NT-7")
@pytest.mark.parametrize(
    ("chosen", "offers", "number", "left"),
    [
        ((), BOTH, None, (PORTAL, NONE)),
        ((OTHER, EMAIL, PORTAL), BOTH, None, (PORTAL, NONE)),
        ((PORTAL,), BOTH, None, (PORTAL, NONE)),
        ((), (Means.EMAIL,), None, NOT_AT_ALL),
        ((OTHER,), BOTH, None, NOT_AT_ALL),
        (NOT_AT_ALL, BOTH, None, NOT_AT_ALL),
        ((), ALL, NUMBER.address_id, (NUMBER, PORTAL, NONE)),
        ((), ALL, None, (PORTAL, NONE)),
    ],
    ids=[
        *("nothing chosen", "several", "none by e-mail", "only e-mail", "an address", "not at all"),
        *("the practice's order with a number", "and without one"),
    ],
)
def test_who_unsubscribes_keeps_the_other_ways_and_no_order_brings_e_mail_back(
    chosen: Order, offers: tuple[Means, ...], number: AddressId | None, left: Order
) -> None:
    before = Preference(default=chosen, topics={Topic.STATEMENT: (EMAIL,)})

    after = unsubscribed(before, Topic.MESSAGE, offers=offers, number=number)

    assert after == replace(before, topics={**before.topics, Topic.MESSAGE: left})
    assert unsubscribed(after, Topic.MESSAGE, offers=offers, number=number) == after
    for one_day in (BOTH, (Means.EMAIL,), (Means.EMAIL, Means.PORTAL)):
        assert not is_mailed(after, Topic.MESSAGE, offers=one_day)
