"""Who gets which message because of an event (NT-1)."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from msgspec import structs

from services.notify.communications.model import Submitted
from services.notify.preferences.model import Means, Reach
from services.notify.projections.model import Account, Practice
from services.notify.tellings.model import MessageClass, Reason
from services.notify.tellings.practice_communications import practice_communication
from services.notify.tellings.routing import (
    VOIDS_RESET_LINKS,
    Unroutable,
    account_activity,
    told_by,
)
from shared.contracts.catalogue import of_kind
from shared.contracts.contract import Kind
from shared.contracts.identity import (
    AccountEmailVerified,
    AccountFrozen,
    AccountState,
    Activity,
    Claim,
    CredentialChanged,
    RecoveryCodesMade,
    SecurityQuestionsChanged,
    TwoStepModeChanged,
    UsernameChanged,
)
from shared.contracts.ids import AccountId, PatientId, PracticeId
from shared.contracts.sealed import Sealed, SealPurpose
from shared.contracts.topology import QUEUES
from shared.randomness import Randomness
from tests.builders import events
from tests.builders.communications import communication, submitted
from tests.support.clock import START

SEALED = Sealed(
    kid="k",
    purpose=SealPurpose.EMAIL_VERIFICATION,
    recipient="a@mail.example",
    expires_at=START,
    ciphertext=b"",
)
ACCOUNT = Account(
    account_id=events.new_account(),
    state=AccountState.ACTIVE,
    email="a@mail.example",
    locale="en",
    time_zone="UTC",
)
ONE, OTHER = events.new_account(), events.new_account()
PRACTICE = Practice(name="Elm Street", locale="en")


def letter() -> Submitted:
    ids = Randomness()
    return submitted(communication(PracticeId(ids.uuid()), PatientId(ids.uuid())))


@pytest.mark.proves("NT-1")
def test_the_class_is_the_queue_s_and_fixed_by_the_event_s_type() -> None:
    contracts = {queue.name: queue.contracts for queue in QUEUES}

    assert contracts["notify.account-activity"] == of_kind(Kind.ACTIVITY)


def test_each_recipient_is_told_once() -> None:
    event = events.received(events.locked(ONE, "old@mail.example", "new@mail.example"))

    intents = account_activity(event)

    assert [intent.address for intent in intents] == ["old@mail.example", "new@mail.example"]
    assert {intent.message_class for intent in intents} == {MessageClass.ACCOUNT_ACTIVITY}


@pytest.mark.parametrize(
    ("kind", "template", "noticed"),  # beside its mail: a new way in, and what a practice did
    [
        (events.email_verified, "account-email-verified", True),
        (events.unlocked, "account-unlocked", True),
        (events.username_read, "username-read", True),
        (events.password_disabled, "password-disabled", False),
        (events.enrolment_added, "enrolment-added", False),
        (events.enrolment_ended, "enrolment-ended", False),
        (events.enrolment_reactivated, "enrolment-reactivated", False),
        (events.reminder_requested, "username-reminder", False),
    ],
)
def test_what_happened_to_an_account_is_told_to_its_address(
    kind: Callable[..., Activity], template: str, noticed: bool
) -> None:
    (intent,) = account_activity(events.received(kind(ONE, "a@mail.example")))

    assert (intent.account_id, intent.address) == (ONE, "a@mail.example")
    assert (intent.template, intent.link, intent.supersedes) == (template, None, None)
    assert intent.noticed is noticed


KEEPS_RESET_LINKS = {  # the account's security version stays what it is
    AccountEmailVerified,
    RecoveryCodesMade,
    SecurityQuestionsChanged,
    TwoStepModeChanged,
    UsernameChanged,
}


@pytest.mark.proves("RC-3")
def test_of_each_change_of_credentials_it_is_said_whether_it_voids_links() -> None:
    told = {contract.data for contract in of_kind(Kind.ACTIVITY)}
    changes = {kind for kind in told if issubclass(kind, CredentialChanged)}

    assert set(VOIDS_RESET_LINKS) == changes - KEEPS_RESET_LINKS | {AccountFrozen}


@pytest.mark.proves("RC-3", "NT-6")
@pytest.mark.parametrize(
    "change",
    [
        events.password_changed,
        events.password_reset,
        events.password_reset_by_link,
        events.email_changed,
        events.two_step_turned_off,
        events.frozen,
    ],
)
def test_what_voids_links_supersedes_their_mails(change: Callable[..., Activity]) -> None:
    intents = account_activity(events.received(change(ONE, "a@mail.example", "b@mail.example")))

    assert {intent.supersedes for intent in intents} == {SealPurpose.RESET_LINK}
    without = account_activity(events.received(change(ONE)))
    assert {intent.supersedes for intent in without} == {SealPurpose.RESET_LINK}


@pytest.mark.proves("MG-6")
@pytest.mark.parametrize(
    ("not_done", "template"),
    [
        (events.merge_rejected, "merge-rejected"),
        (events.merge_refused, "merge-rejected"),
        (events.merge_under_review, "merge-under-review"),
        (events.merge_review_refused, "merge-review-refused"),
    ],
)
@pytest.mark.parametrize("one_s", [(), ("a@mail.example",)])
@pytest.mark.parametrize("other_s", [(), ("b@mail.example",)])
def test_a_merge_that_was_not_done_is_told_to_each_account_as_itself(
    not_done: Callable[..., Activity],
    template: str,
    one_s: tuple[str, ...],
    other_s: tuple[str, ...],
) -> None:
    data = not_done(ONE, OTHER, *one_s, of_absorbed=other_s)

    intents = account_activity(events.received(data))

    assert [(intent.account_id, intent.address) for intent in intents] == [
        (ONE, one_s[0] if one_s else None),
        (OTHER, other_s[0] if other_s else None),
    ]
    assert all(intent.noticed is (intent.address is None) for intent in intents)
    assert {intent.template for intent in intents} == {template}


@pytest.mark.parametrize("spelled", ["B@mail.example", "b@MAIL.example"])
def test_the_other_s_address_is_not_told_as_one_s_own_however_it_is_spelled(spelled: str) -> None:
    data = events.merge_rejected(
        ONE, OTHER, "a@mail.example", spelled, of_absorbed=("b@mail.example",)
    )

    intents = account_activity(events.received(data))

    assert [(intent.account_id, intent.address) for intent in intents] == [
        (ONE, "a@mail.example"),
        (OTHER, "b@mail.example"),
    ]


@pytest.mark.proves("MG-2")
def test_a_merge_that_nobody_has_proven_is_told_to_nobody() -> None:
    data = events.merge_rejected(ONE, OTHER, "a@mail.example", of_absorbed=("b@mail.example",))

    assert account_activity(events.received(structs.replace(data, proven=False))) == ()


def test_an_account_that_was_to_be_merged_with_itself_is_told_once() -> None:
    data = events.merge_rejected(ONE, ONE, "a@mail.example", of_absorbed=("a@mail.example",))

    (intent,) = account_activity(events.received(data))

    assert (intent.account_id, intent.address) == (ONE, "a@mail.example")


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (events.locked(ONE), {ONE}),
        (events.unlocked(ONE), {ONE}),
        (events.password_disabled(ONE), {ONE}),
        (events.merged(ONE, OTHER), {ONE}),  # one account now
        (events.merge_rejected(ONE, OTHER), {ONE, OTHER}),  # still two
    ],
)
def test_with_no_address_each_account_it_happened_to_gets_a_notice(
    data: Activity, told: set[AccountId]
) -> None:
    intents = account_activity(events.received(data))

    assert {intent.account_id for intent in intents} == told
    assert len(intents) == len(told)
    assert {(intent.address, intent.refusal) for intent in intents} == {(None, Reason.NO_ADDRESS)}
    assert all(intent.noticed for intent in intents)


@pytest.mark.parametrize(
    "data",
    [
        events.enrolled(ONE, claim=None),  # EN-7: its mail is there for the link
        events.reminder_requested(ONE),
        events.locked(ONE, "a@mail.example"),
    ],
)
def test_what_belongs_at_an_address_or_has_one_is_no_notice(data: Activity) -> None:
    (intent,) = account_activity(events.received(data))

    assert not intent.noticed


@pytest.mark.parametrize(
    ("claim", "sealed", "template", "linked"),
    [
        (Claim.VERIFY, SEALED, "account-enrolled", True),
        (Claim.TAKEN, None, "account-enrolled-taken", False),
        (None, None, "account-enrolled", False),
    ],
)
def test_the_welcome_says_what_became_of_the_claimed_address(
    claim: Claim | None, sealed: Sealed | None, template: str, linked: bool
) -> None:
    data = events.enrolled(events.new_account(), "a@mail.example", claim=claim, sealed=sealed)

    (intent,) = account_activity(events.received(data))

    assert (intent.template, intent.link is not None) == (template, linked)


def test_a_taken_address_never_gets_the_link_an_event_may_hold() -> None:
    data = events.verification_requested(ONE, "a@mail.example", SEALED, claim=Claim.TAKEN)

    (intent,) = account_activity(events.received(data))

    assert (intent.template, intent.link) == ("email-taken", None)


def test_what_nobody_is_told_of_cannot_be_routed() -> None:
    with pytest.raises(Unroutable):
        told_by(events.account(events.new_account()))


@pytest.mark.proves("NT-2")
@pytest.mark.parametrize(
    ("found", "address", "refusal", "noticed"),
    [
        ((ACCOUNT, True), "a@mail.example", None, False),
        ((replace(ACCOUNT, email=None), True), None, Reason.NO_ADDRESS, True),
        ((ACCOUNT, False), None, Reason.NOT_ENROLLED, False),
        ((replace(ACCOUNT, email=None), False), None, Reason.NOT_ENROLLED, False),
        (None, None, Reason.NO_ACCOUNT, False),
    ],
    ids=[
        "verified",
        "without-an-address",
        "not-enrolled",
        "nor-with-an-address",
        "without-account",
    ],
)
def test_a_practice_communication_goes_to_the_verified_email_of_who_is_enrolled_and_nowhere_else(
    found: tuple[Account, bool] | None, address: str | None, refusal: Reason | None, noticed: bool
) -> None:
    (intent,) = practice_communication(
        letter(), found, practice=PRACTICE, offers=(Means.EMAIL, Means.PORTAL), reach=Reach()
    )

    assert (intent.address, intent.refusal) == (address, refusal)
    assert intent.account_id == (found and found[0].account_id)
    assert intent.noticed is noticed
    assert intent.message_class is MessageClass.PRACTICE_COMMUNICATION
