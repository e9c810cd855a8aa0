"""RC-9: a mail about credentials has a link of its own; without an account e-mail it goes to every
notification address and number.
"""

import re
from datetime import datetime, timedelta

import pytest

from services.notify.addresses.model import MOST, MOST_NUMBERS
from shared.contracts.identity import LINKS_ELSEWHERE, AccountState
from shared.contracts.ids import AccountId
from shared.contracts.sealed import SealPurpose
from tests.builders import events
from tests.builders.people import Person, a_person
from tests.rigs.issuer import Issuer
from tests.rigs.notify import NUMBER, Office
from tests.rigs.texts import Provider
from tests.support.clock import START

pytestmark = pytest.mark.proves("RC-9")
OTHER, THIEF_S = "other@mail.example", "thief@post.example"
LINK = re.compile(r"https://portal\.example/not-me#(?P<secret>[\w-]+)")
LIFE = timedelta(hours=72)


async def file_change(
    office: Office,
    account_id: AccountId,
    *recipients: str,
    elsewhere: int = 0,
    expires_at: datetime = START + LIFE,
) -> None:
    """Consume a changed password's event, each link sealed as identity seals it."""
    event_id = events.new_event()
    whom = (*recipients, *[str(account_id)] * elsewhere)
    sealed = [
        await office.seal(
            f"{number}" * 43,
            event_id,
            recipient=to,
            purpose=SealPurpose.NOT_ME,
            expires_at=expires_at,
        )
        for number, to in enumerate(whom)
    ]
    changed = events.password_changed(account_id, *recipients, not_me=tuple(sealed))
    await office.file(changed, event_id=event_id)


def secrets(office: Office, address: str) -> list[str]:
    """Of the links in the mails to an address, whole on a line."""
    return [
        found["secret"]
        for mail in office.mail_server.to(address)
        for line in mail.text.splitlines()
        if (found := LINK.fullmatch(line))
    ]


async def a_holder(office: Office, email: str | None = None) -> Person:
    person = a_person(email=email)
    await office.know(person.snapshot(), version=person.version)
    return person


def test_identity_makes_as_many_links_as_an_account_can_have_addresses_and_numbers() -> None:
    assert LINKS_ELSEWHERE == MOST + MOST_NUMBERS


async def test_each_address_has_a_link_of_its_own(office: Office) -> None:
    await file_change(office, events.new_account(), events.ADDRESS, THIEF_S)

    await office.send_all()

    assert secrets(office, events.ADDRESS) == ["0" * 43]
    assert secrets(office, THIEF_S) == ["1" * 43]
    [(sealed,)] = await office.rows("SELECT DISTINCT sealed FROM deliveries")
    assert sealed is None


async def test_without_an_account_e_mail_every_address_and_number_is_told_besides_the_notice(
    office: Office, issuer: Issuer, provider: Provider
) -> None:
    person = await a_holder(office)
    await office.has_address(issuer, person, OTHER)
    await office.add_address(issuer, person, "unverified@mail.example")
    await office.has_number(issuer, person)
    await office.send_all()
    before = len(provider.to(NUMBER))

    await file_change(office, person.account_id, elsewhere=LINKS_ELSEWHERE)
    await office.send_all()

    [text] = provider.to(NUMBER)[before:]
    [found] = LINK.finditer(text.body)
    assert {*secrets(office, OTHER), found["secret"]} == {"0" * 43, "1" * 43}
    assert text.body.startswith("Your Portico password was changed (")
    told = await office.rows(
        "SELECT channel, state, reason FROM deliveries WHERE template = 'password-changed'"
        " ORDER BY state, channel"
    )
    assert [tuple(row) for row in told] == [
        ("email", "failed", "no_address"),
        ("email", "sent", None),
        ("text-message", "sent", None),
    ]
    assert len(await office.rows("SELECT FROM notices")) == 1


async def test_who_has_an_account_e_mail_is_told_there_alone(
    office: Office, issuer: Issuer
) -> None:
    person = await a_holder(office, events.ADDRESS)
    await office.has_address(issuer, person, OTHER)
    await office.send_all()
    before = len(office.mail_server.to(OTHER))

    await file_change(office, person.account_id, events.ADDRESS)
    await office.send_all()

    assert len(office.mail_server.to(OTHER)) == before
    assert secrets(office, events.ADDRESS) == ["0" * 43]


@pytest.mark.parametrize("email", [events.ADDRESS, None], ids=["with", "without"])
@pytest.mark.parametrize("name", ["frozen", "thawed"])
async def test_of_a_freeze_and_its_end_every_address_and_number_is_told_once(
    office: Office, issuer: Issuer, provider: Provider, name: str, email: str | None
) -> None:
    """The account e-mail may be whose the change was."""
    person = await a_holder(office)
    for address in (OTHER, events.ADDRESS.upper()):
        await office.has_address(issuer, person, address)
    await office.has_number(issuer, person)
    await office.send_all()
    mails, texts = len(office.mails), len(provider.to(NUMBER))

    told = getattr(events, name)(person.account_id, *filter(None, [email]))
    await office.file(told)
    await office.send_all()

    sent = [to.lower() for mail in office.mails[mails:] for to in mail.envelope_to]
    assert sorted(sent) == sorted([OTHER, events.ADDRESS])
    [text] = provider.to(NUMBER)[texts:]
    words = {"frozen": "is frozen (", "thawed": "is open again ("}[name]
    assert text.body.startswith(f"Your Portico account {words}")
    assert text.body.endswith("Not you? Call your practice now.")
    assert not LINK.search(" ".join(mail.text for mail in office.mails[mails:]))


@pytest.mark.proves("NT-6")
@pytest.mark.parametrize("state", [AccountState.FROZEN, AccountState.MERGED])
async def test_once_its_link_is_void_a_change_is_told_without_it(
    office: Office, state: AccountState
) -> None:
    person = await a_holder(office, events.ADDRESS)
    await file_change(office, person.account_id, events.ADDRESS)
    await office.know(person.changed(state=state).snapshot(), version=person.version + 1)

    await office.send_all()

    [mail] = office.mails
    assert secrets(office, events.ADDRESS) == []
    assert "If it was not you, contact your practice now." in " ".join(mail.text.split())


@pytest.mark.proves("NT-6")
@pytest.mark.parametrize(("seconds", "linked"), [(-1, True), (0, False)])
async def test_a_change_goes_out_late_and_its_link_does_not(
    office: Office, seconds: int, linked: bool
) -> None:
    person = await a_holder(office, events.ADDRESS)
    await file_change(office, person.account_id, events.ADDRESS)

    office.clock.advance(seconds=LIFE.total_seconds() + seconds)
    await office.send_all()

    assert len(office.mails) == 1
    assert (len(secrets(office, events.ADDRESS)) == 1) is linked


async def test_what_is_sealed_to_somebody_else_is_left_out(office: Office) -> None:
    event_id, account_id = events.new_event(), events.new_account()
    sealed = await office.seal(
        "s" * 43, event_id, recipient=THIEF_S, purpose=SealPurpose.NOT_ME, expires_at=START + LIFE
    )
    renamed = type(sealed)(
        kid=sealed.kid,
        purpose=sealed.purpose,
        recipient=events.ADDRESS,
        expires_at=sealed.expires_at,
        ciphertext=sealed.ciphertext,
    )

    await office.file(
        events.password_changed(account_id, events.ADDRESS, not_me=(renamed,)), event_id=event_id
    )
    await office.send_all()

    assert len(office.mails) == 1
    assert secrets(office, events.ADDRESS) == []


async def test_what_a_release_before_this_one_publishes_has_no_link_and_is_told(
    office: Office,
) -> None:
    await office.file(events.password_changed(events.new_account(), events.ADDRESS))

    await office.send_all()

    assert len(office.mails) == 1
    assert secrets(office, events.ADDRESS) == []
