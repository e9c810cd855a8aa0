"""Each mail of account activity as it arrives: text and HTML, a subject without names (NT-4)."""

import pytest

from shared.contracts.identity import Activity, MergeRefusal
from tests.builders import events
from tests.builders.events import ADDRESS
from tests.rigs.notify import Office

ONE, OTHER = events.new_account(), events.new_account()
NAMES = ("elm street", "juniper", "hale", "555")


@pytest.mark.proves("NT-4")
@pytest.mark.parametrize(
    ("data", "subject", "said"),
    [
        (
            events.enrolment_added(ONE, ADDRESS),
            "A practice was added to your Portico account",
            ("Elm Street", "March 5, 2031, 9:00 AM (UTC)"),
        ),
        pytest.param(
            events.enrolment_ended(ONE, ADDRESS),
            "A practice has ended your enrolment in Portico",
            ("Elm Street ended your enrolment", "+1 555 0100", "Only Elm Street can tell you why"),
            marks=pytest.mark.proves("UN-1"),
        ),
        pytest.param(
            events.enrolment_reactivated(ONE, ADDRESS),
            "A practice has enrolled you again in Portico",
            ("Elm Street enrolled you again", "username and password are what they were"),
            marks=pytest.mark.proves("UN-3"),
        ),
        pytest.param(
            events.password_changed(ONE, ADDRESS),
            "Your Portico password was changed",
            ("March 5, 2031, 9:00 AM (UTC)", "has been logged off"),
            marks=pytest.mark.proves("ID-7"),
        ),
        pytest.param(
            events.email_changed(ONE, ADDRESS),
            "Your Portico account e-mail was changed",
            ("j•••@mail.example", "until March 8, 2031, 9:00 AM (UTC) nobody else can take it"),
            marks=pytest.mark.proves("ID-6"),
        ),
        pytest.param(
            events.reminder_requested(ONE, ADDRESS),
            "Your Portico username",
            ("juniper.hale",),
            marks=pytest.mark.proves("RC-1"),
        ),
        (
            events.merged(ONE, OTHER, ADDRESS),
            "Two Portico accounts are one now",
            (
                "two accounts were made one",
                "its username and password no longer log on",
                "Only the password and the passkeys of the account that was kept still log you on",
                "cannot be undone",
                "call your practice now",
            ),
        ),
        (
            events.merge_rejected(ONE, OTHER, ADDRESS, reason=MergeRefusal.PERSON_MISMATCH),
            "Your Portico accounts were not merged",
            ("It was not done and nothing was changed", "date of birth of the two does not match"),
        ),
    ],
)
async def test_what_happened_is_mailed(
    office: Office, data: Activity, subject: str, said: tuple[str, ...]
) -> None:
    await office.file(data)

    await office.send_all()

    (mail,) = office.mail_server.to(ADDRESS)
    assert mail.subject == subject
    assert not any(name in mail.subject.lower() for name in NAMES)
    for body in (mail.text, mail.html):
        words = " ".join(body.split())
        assert all(each in words for each in said)
    assert "<html" in mail.html
    assert "<" not in mail.text


@pytest.mark.proves("NT-4")
async def test_a_mail_speaks_the_language_its_account_had_when_it_happened(office: Office) -> None:
    await office.file(events.enrolment_ended(ONE, ADDRESS, locale="es-US"))

    await office.send_all()

    (mail,) = office.mail_server.to(ADDRESS)
    assert mail.subject == "Un consultorio ha terminado su inscripción en Portico"
    for body in (mail.text, mail.html):
        words = " ".join(body.split())
        assert "El 5 de marzo de 2031, 9:00 a.m. (UTC) Elm Street terminó su inscripción" in words
