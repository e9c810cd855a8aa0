"""Practice communications as text messages: by preference, by day, and with a way on (NT-3)."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from deploy.local.texts import SENDER, Fault
from services.notify.preferences.model import AddressId
from services.notify.sending.alarms import Cause
from services.notify.sending.errors import ProviderAway
from shared.program.asked import NeedsSetting
from tests.builders import events
from tests.builders.patients import Patient, a_patient
from tests.integration.notify.test_preferences import EMAIL, PORTAL, choose, holder, listed, offers
from tests.rigs.issuer import Issuer
from tests.rigs.notify import NUMBER, Office, a_round
from tests.rigs.texts import Provider
from tests.support.clock import START
from tests.support.database import Database

OTHER_NUMBER = "+12135550148"
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


@pytest.mark.proves("NT-3", "NT-6")
@pytest.mark.parametrize("status", [500, 502, 504])
async def test_a_fault_after_the_request_is_no_answer_and_the_next_message_waits(
    office: Office, issuer: Issuer, provider: Provider, status: int
) -> None:
    patient, _ = await with_number(office, issuer, EMAIL)
    before = len(provider.to())

    await written_to(office, patient, Fault(status=status), provider=provider)
    await office.add_number(issuer, holder(await a_patient(office)), OTHER_NUMBER)
    await office.send_all()
    at_once = len(provider.to())
    office.clock.advance(hours=1)
    await office.send_all()

    assert await last(office) == ("text-message", "unknown", "unanswered")
    assert at_once == before
    assert of_practices(provider) == []
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


@pytest.mark.proves("NT-3", "NT-6")
@pytest.mark.parametrize("code", [21617, 30007])
async def test_a_refused_message_waits_alone_and_others_go_on_in_both_classes(
    office: Office, issuer: Issuer, provider: Provider, code: int
) -> None:
    refused, _ = await with_number(office, issuer, EMAIL)
    provider.faults.append(Fault(status=400, code=code))
    await refused.is_written_to()
    [_, courier] = office.features.sending.text_couriers
    await a_round(courier)
    other = await a_patient(office)

    await office.add_number(issuer, holder(other), OTHER_NUMBER)
    await office.send_all()  # at the same moment

    assert len(provider.to(OTHER_NUMBER)) == 1
    assert await last(office) == ("text-message", "queued", None)
    assert office.alarms(Cause.REFUSED_US) == 1
    assert await office.rows("SELECT FROM stopped_numbers") == []
    office.clock.advance(minutes=10)
    await office.send_all()
    assert await last(office) == ("text-message", "sent", None)


@pytest.mark.proves("NT-3")
@pytest.mark.parametrize(
    ("status", "code"), [(400, 21606), (400, 20001), (401, 20003), (403, 0), (503, 0)]
)
async def test_what_is_refused_to_us_is_not_tried_with_the_next_message(
    office: Office, issuer: Issuer, provider: Provider, status: int, code: int
) -> None:
    patient, _ = await with_number(office, issuer, EMAIL)
    before = len(provider.to())

    await written_to(office, patient, Fault(status=status, code=code), provider=provider)
    await office.add_number(issuer, holder(await a_patient(office)), OTHER_NUMBER)
    await office.send_all()

    assert len(provider.to()) == before
    [probe] = [office.composition.probes["texts"]]
    with pytest.raises(ProviderAway):
        await probe()
    office.clock.advance(minutes=1)
    await probe()
    await office.send_all()
    assert len(provider.to()) == before + 2


@pytest.mark.proves("NT-3", "NT-5")
async def test_a_provider_that_never_answers_has_few_messages_and_goes_on_once_it_does(
    office: Office, issuer: Issuer, provider: Provider
) -> None:
    patient, _ = await with_number(office, issuer)
    [_, courier] = office.features.sending.text_couriers
    courier = replace(courier, at_once=4)
    probe, of_activity = (office.composition.probes[name] for name in ("texts-practice", "texts"))
    for number in range(40):
        await patient.is_written_to(str(number))
    provider.faults.extend(Fault(hangs_up=True) for _ in range(40))

    for _ in range(10):
        await a_round(courier)
    had = len(of_practices(provider))
    office.clock.advance(minutes=1)
    for _ in range(3):
        await a_round(courier)
    probed = len(of_practices(provider)) - had
    with pytest.raises(ProviderAway):
        await probe()
    await of_activity()
    provider.faults.clear()
    office.clock.advance(minutes=1)
    while await a_round(courier):
        pass

    assert had <= 2 * 4
    assert probed == 1
    states = Counter(state for state, _ in await office.ledger())
    assert states["unknown"] == had + probed
    assert len(of_practices(provider)) == 40
    await probe()


@pytest.mark.proves("NT-3")
async def test_check_asks_the_provider_for_our_account_and_sends_nothing(
    office: Office, provider: Provider
) -> None:
    well = await office.checked("text messages")
    provider.token = "another"
    refused = await office.checked("text messages")
    await provider.stop()
    away = await office.checked("text messages")

    assert well is None
    assert refused == "the provider does not answer for our account (401, 20003)"
    assert away is not None
    assert "ClientConnectorError" in away
    assert provider.to() == []


@asynccontextmanager
async def without_provider(office: Office, database: Database) -> AsyncIterator[Office]:
    """The same notify once its settings name no provider any more."""
    none = {"texts_url": "", "texts_from": "", "texts_hooks_url": ""}
    made = Office.opened(database, office.clock, office.mail_server, **none)
    yield made
    await made.close()


@pytest.mark.proves("NT-2", "NT-3")
@pytest.mark.parametrize(
    ("then", "becomes", "mails", "notices"),
    [
        ((EMAIL,), ("email", "sent", None), 1, 0),
        ((PORTAL,), ("text-message", "failed", "texts_not_offered"), 0, 1),
        ((), ("text-message", "failed", "texts_not_offered"), 0, 0),
    ],
)
async def test_what_waits_as_the_provider_goes_takes_the_next_way_or_says_why_not(
    office: Office,
    issuer: Issuer,
    database: Database,
    then: tuple[Any, ...],
    becomes: object,
    mails: int,
    notices: int,
) -> None:
    patient, _ = await with_number(office, issuer, *then)
    await patient.is_written_to()
    await office.add_number(issuer, holder(await a_patient(office)), OTHER_NUMBER)

    async with without_provider(office, database) as later:
        await later.own_keys.ensure()
        await later.send_all()
        checked = await later.checked("text messages")

    assert await last(office) == becomes
    assert (len(office.mails), len(await office.rows(NOTICED))) == (mails, notices)
    assert checked == "1 practices offer text messages, and there is no provider"
    [code] = await office.rows(
        "SELECT state, reason FROM deliveries WHERE account_id <> $1", patient.account_id
    )
    assert tuple(code) == ("failed", "texts_not_offered")


@pytest.mark.proves("NT-3")
async def test_what_failed_for_want_of_a_provider_can_be_sent_again_once_there_is_one(
    office: Office, issuer: Issuer, provider: Provider, database: Database
) -> None:
    patient, _ = await with_number(office, issuer)
    await patient.is_written_to()
    async with without_provider(office, database) as later:
        await later.send_all()

    await office.resend()
    await office.send_all()

    assert await last(office) == ("text-message", "sent", None)
    assert len(of_practices(provider)) == 1


async def test_without_a_provider_and_without_a_practice_that_offers_it_nothing_is_asked(
    office: Office, database: Database
) -> None:
    async with without_provider(office, database) as later:
        with pytest.raises(NeedsSetting):
            await later.checked("text messages")
        assert "texts" not in later.composition.probes


@pytest.mark.proves("NT-3", "NT-7")
async def test_who_unsubscribes_without_a_provider_keeps_no_text_message_among_her_ways(
    office: Office, issuer: Issuer, database: Database
) -> None:
    patient = await a_patient(office)
    await offers(patient, "text-message", "email", "portal")
    await office.has_number(issuer, holder(patient))
    async with without_provider(office, database) as later, later.client:
        await replace(patient, office=later).is_written_to()
        await later.send_all()
        [mail] = office.mails
        link = dict(mail.headers)["List-Unsubscribe"].strip("<>").rpartition("link=")[2]
        stopped = await later.call("POST", "/unsubscriptions", {"token": link})

    assert stopped.body["subscribed"] is False
    [enrolment] = await listed(patient, issuer)
    assert [way["channel"] for way in enrolment["topics"]["message"]] == ["portal", "none"]


@pytest.mark.proves("NT-3")
async def test_a_stopped_number_says_so_and_where_to_start_it_again(
    office: Office, issuer: Issuer, provider: Provider
) -> None:
    patient, _ = await with_number(office, issuer, EMAIL)
    stranger = await a_patient(office)
    await office.add_number(issuer, holder(stranger))

    async def shown(of: Patient) -> tuple[str | None, str | None]:
        token = await issuer.token(holder(of))
        answer = await office.call("GET", "/notification-addresses", token=token)
        [one] = answer.body["addresses"]
        return one["stopped_since"], answer.body["texts_from"]

    before = await shown(patient)
    await provider.answer(NUMBER, "STOP")
    stopped, of_stranger = await shown(patient), await shown(stranger)
    await provider.answer(NUMBER, "START")

    assert before == (None, SENDER)
    assert stopped == ("2031-03-05T09:00:00Z", SENDER)
    assert of_stranger == (None, SENDER), "who only claimed the number is not told"
    assert await shown(patient) == before
