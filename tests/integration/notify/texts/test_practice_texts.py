"""Practice communications as text messages: by preference, by day, and with a way on (NT-3)."""

from dataclasses import replace
from typing import Any

import pytest

from deploy.local.texts import Fault
from services.notify.preferences.model import AddressId
from services.notify.sending.alarms import Cause
from tests.builders import events
from tests.builders.patients import Patient, a_patient
from tests.integration.notify.test_preferences import EMAIL, PORTAL, choose, holder, listed, offers
from tests.rigs.issuer import Issuer
from tests.rigs.notify import NUMBER, Office
from tests.rigs.texts import Provider
from tests.support.clock import START

NOTICED = "SELECT FROM notices WHERE template = 'practice-communication'"


def text_to(address_id: AddressId) -> dict[str, str]:
    return {"channel": "text-message", "address_id": str(address_id)}


async def with_number(
    office: Office, issuer: Issuer, *then: Any, email: str | None = events.ADDRESS
) -> tuple[Patient, AddressId]:
    """A patient who chose text messages to her number, and then these ways."""
    patient = await a_patient(office, email=email)
    await offers(patient, "email", "text-message", "portal")
    address_id = await office.has_number(issuer, holder(patient))
    await office.send_all()
    assert (await choose(patient, issuer, text_to(address_id), *then)).status == 204
    return patient, address_id


def of_practices(provider: Provider) -> list[str]:
    """What practices had sent, but for the code."""
    return [text.body for text in provider.to(NUMBER) if text.body.startswith(events.ELM_STREET)]


async def last(office: Office) -> tuple[str, str, str | None]:
    [row] = await office.rows(
        "SELECT channel, state, reason FROM deliveries WHERE practice_id IS NOT NULL"
    )
    return row["channel"], row["state"], row["reason"]


async def written_to(office: Office, patient: Patient, *faults: Fault, provider: Provider) -> None:
    provider.faults.extend(faults)
    await patient.is_written_to()
    await office.send_all()


@pytest.mark.proves("NT-2", "NT-3", "NT-4")
async def test_a_text_message_goes_to_the_number_that_was_chosen_and_no_mail(
    office: Office, issuer: Issuer, provider: Provider
) -> None:
    patient, address_id = await with_number(office, issuer, EMAIL)

    await written_to(office, patient, provider=provider)

    [body] = of_practices(provider)
    assert "message" not in body
    assert office.mails == []
    assert await last(office) == ("text-message", "sent", None)
    [enrolment] = await listed(patient, issuer)
    assert enrolment["default"][0] == text_to(address_id)


@pytest.mark.proves("NT-2")
async def test_where_nothing_is_chosen_a_practice_s_order_reaches_the_first_number(
    office: Office, issuer: Issuer, provider: Provider
) -> None:
    patient = await a_patient(office)
    await offers(patient, "text-message", "email")
    await office.has_number(issuer, holder(patient))
    await office.send_all()

    await written_to(office, patient, provider=provider)

    assert len(of_practices(provider)) == 1
    assert office.mails == []


@pytest.mark.proves("NT-2")
async def test_without_a_number_a_practice_s_order_goes_on(
    office: Office, issuer: Issuer, provider: Provider
) -> None:
    patient = await a_patient(office)
    await offers(patient, "text-message", "email")

    await written_to(office, patient, provider=provider)

    assert provider.to() == []
    assert len(office.mails) == 1


@pytest.mark.proves("NT-2")
async def test_an_unverified_number_an_address_in_its_place_and_no_number_cannot_be_chosen(
    office: Office, issuer: Issuer
) -> None:
    patient = await a_patient(office)
    await offers(patient, "email", "text-message")
    number, _ = await office.add_number(issuer, holder(patient))
    address = await office.has_address(issuer, holder(patient))

    told = [
        (await choose(patient, issuer, way)).refused()
        for way in (text_to(number), text_to(address), {"channel": "text-message"})
    ]

    assert told == [(409, "address_unverified")] * 2 + [(422, "order_contradictory")]


@pytest.mark.proves("NT-2", "NT-3")
async def test_without_a_provider_no_practice_offers_text_messages(
    office: Office, issuer: Issuer
) -> None:
    patient, _ = await with_number(office, issuer)
    preferences = replace(office.features.preferences.preferences, texts=False)

    [enrolment] = await preferences.of_account(patient.account_id)

    assert [str(one) for one in enrolment.offers] == ["email", "portal"]


@pytest.mark.proves("NT-2", "NT-3", "NT-5")
@pytest.mark.parametrize("code", [21211, 21614, 21610])
async def test_a_refusal_that_means_the_number_takes_the_next_way(
    office: Office, issuer: Issuer, provider: Provider, code: int
) -> None:
    patient, _ = await with_number(office, issuer, EMAIL)

    await written_to(office, patient, Fault(status=400, code=code), provider=provider)

    assert await last(office) == ("email", "sent", None)
    assert len(office.mails) == 1
    assert len(await office.rows("SELECT FROM stopped_numbers")) == (code == 21610)


@pytest.mark.proves("NT-3")
@pytest.mark.parametrize(
    ("status", "code", "alarms"),
    [(401, 20003, 1), (400, 21606, 1), (404, 20404, 1), (429, 20429, 0), (503, 0, 0)],
)
async def test_what_is_our_fault_or_the_provider_s_backs_off_and_suppresses_nobody(
    office: Office, issuer: Issuer, provider: Provider, status: int, code: int, alarms: int
) -> None:
    patient, _ = await with_number(office, issuer, EMAIL)

    await written_to(office, patient, Fault(status=status, code=code), provider=provider)
    waiting = await last(office)
    office.clock.advance(minutes=10)
    await office.send_all()

    assert waiting == ("text-message", "queued", None)
    assert office.alarms(Cause.REFUSED_US) == alarms
    assert await last(office) == ("text-message", "sent", None)
    assert await office.rows("SELECT FROM stopped_numbers") == []


@pytest.mark.proves("NT-3", "NT-6")
async def test_no_answer_after_the_request_is_unknown_and_nothing_is_sent_twice(
    office: Office, issuer: Issuer, provider: Provider
) -> None:
    patient, _ = await with_number(office, issuer, EMAIL)

    await written_to(office, patient, Fault(hangs_up=True), provider=provider)
    office.clock.advance(hours=1)
    await office.send_all()

    assert await last(office) == ("text-message", "unknown", "unanswered")
    assert len(of_practices(provider)) == 1
    assert office.mails == []


@pytest.mark.proves("NT-3")
async def test_a_provider_that_is_away_holds_no_mail_up_and_loses_no_text_message(
    office: Office, issuer: Issuer, provider: Provider
) -> None:
    patient, _ = await with_number(office, issuer, EMAIL)
    await provider.stop()

    await written_to(office, patient, provider=provider)
    await office.file(events.locked(patient.account_id, events.ADDRESS))
    await office.send_all()

    assert len(office.mails) == 1
    assert await last(office) == ("text-message", "queued", None)
    await provider.start()
    office.clock.advance(minutes=10)
    await office.send_all()
    assert await last(office) == ("text-message", "sent", None)


@pytest.mark.proves("NT-3")
async def test_a_practice_s_text_message_waits_from_nine_in_the_evening_until_eight(
    office: Office, issuer: Issuer, provider: Provider
) -> None:
    patient, _ = await with_number(office, issuer)
    evening = START.replace(hour=21, minute=0, second=0, microsecond=0)
    office.clock.advance(seconds=(evening - START).total_seconds())

    await written_to(office, patient, provider=provider)
    held = await last(office)
    office.clock.advance(hours=10, minutes=59)
    await office.send_all()
    before = of_practices(provider)
    office.clock.advance(minutes=1)
    await office.send_all()

    assert held == ("text-message", "queued", None)
    assert before == []
    assert len(of_practices(provider)) == 1


@pytest.mark.proves("NT-3")
async def test_a_code_is_sent_at_night(office: Office, issuer: Issuer, provider: Provider) -> None:
    patient = await a_patient(office)
    night = START.replace(hour=23)
    office.clock.advance(seconds=(night - START).total_seconds())

    await office.add_number(issuer, holder(patient))
    await office.send_all()

    assert len(provider.to(NUMBER)) == 1


async def test_a_notice_stands_in_where_it_is_next(
    office: Office, issuer: Issuer, provider: Provider
) -> None:
    patient, _ = await with_number(office, issuer, PORTAL)

    await written_to(office, patient, Fault(status=400, code=21614), provider=provider)

    assert await last(office) == ("text-message", "failed", "refused")
    assert len(await office.rows(NOTICED)) == 1
