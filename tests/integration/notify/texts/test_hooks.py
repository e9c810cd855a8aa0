"""What the provider tells, signed: receipts, and STOP, START and HELP of a phone (NT-3)."""

import asyncio

import pytest
from msgspec import structs
from twilio.request_validator import RequestValidator

from deploy.local.texts import TOKEN, Fault, TextMessage
from services.notify.ledger.held import HeldDeliveries
from services.notify.ledger.model import DeliveryId
from services.notify.texts.signatures import is_signed, sign
from tests.builders.patients import Patient, a_patient
from tests.integration.notify.test_preferences import EMAIL, PORTAL, holder
from tests.integration.notify.texts.test_practice_texts import (
    NOTICED,
    last,
    of_practices,
    with_number,
    written_to,
)
from tests.rigs.issuer import Issuer
from tests.rigs.notify import NUMBER, Office
from tests.rigs.texts import Provider
from tests.support.clock import START

SAID = {"From": NUMBER, "Body": "Hola, \u00bfqu\u00e9 tal?", "Empty": "", "b": "2", "B": "1"}


@pytest.mark.proves("NT-3")
@pytest.mark.parametrize(
    "url", ["https://hooks.example/texts/incoming", "https://hooks.example/texts/status?id=1&b=2"]
)
def test_the_signature_is_the_provider_s_own_library_s(url: str) -> None:
    ours = sign(TOKEN, url=url, said=SAID.items())

    assert ours == RequestValidator(TOKEN).compute_signature(url, SAID)
    assert not is_signed(
        "\udc80", token=TOKEN, url=url, said=SAID.items()
    )  # a byte that is no text
    assert RequestValidator(TOKEN).validate(url, SAID, ours)


@pytest.mark.proves("NT-3", "NT-5")
async def test_a_receipt_says_that_it_was_delivered(
    office: Office, issuer: Issuer, provider: Provider
) -> None:
    patient, _ = await with_number(office, issuer, EMAIL)
    await written_to(office, patient, provider=provider)

    for status in ("sent", "delivered", "failed"):  # the last is too late
        told, _ = await provider.became(provider.to(NUMBER)[-1], status)
        assert told == 204

    assert await last(office) == ("text-message", "delivered", None)
    assert office.mails == []


@pytest.mark.proves("NT-2", "NT-3", "NT-5")
async def test_a_text_message_that_did_not_arrive_goes_the_next_way_once(
    office: Office, issuer: Issuer, provider: Provider
) -> None:
    patient, _ = await with_number(office, issuer, EMAIL)
    await written_to(office, patient, provider=provider)
    text = provider.to(NUMBER)[-1]

    await asyncio.gather(*(provider.became(text, "undelivered", 30005) for _ in range(16)))
    await office.send_all()

    assert await last(office) == ("email", "sent", None)
    assert len(office.mails) == 1


async def test_or_a_notice_stands_in(office: Office, issuer: Issuer, provider: Provider) -> None:
    patient, _ = await with_number(office, issuer, PORTAL)
    await written_to(office, patient, provider=provider)

    await provider.became(provider.to(NUMBER)[-1], "undelivered", 30005)

    assert await last(office) == ("text-message", "failed", "undelivered")
    assert len(await office.rows(NOTICED)) == 1


@pytest.mark.proves("NT-3")
@pytest.mark.parametrize(
    ("word", "back"),
    [
        ("STOP", "START"),
        (" stop. ", " unstop! "),
        ("Unsubscribe", "Yes"),
        ("baja", "alta"),
        ("¡Alto!", "¡Alta!"),
    ],
)
async def test_after_stop_no_text_message_goes_there_and_start_gives_it_back(
    office: Office, issuer: Issuer, provider: Provider, word: str, back: str
) -> None:
    patient, _ = await with_number(office, issuer, EMAIL)

    assert (await provider.answer(NUMBER, word))[0] == 204
    await written_to(office, patient, provider=provider)
    assert of_practices(provider) == []
    assert await last(office) == ("email", "sent", None)

    await provider.answer(NUMBER, back)
    await patient.is_written_to("2")
    await office.send_all()
    assert len(of_practices(provider)) == 1


@pytest.mark.proves("NT-3")
async def test_stop_holds_for_everybody_who_has_the_number_and_for_codes(
    office: Office, issuer: Issuer, provider: Provider
) -> None:
    await provider.answer(NUMBER, "STOP")
    stranger = await a_patient(office)

    await office.add_number(issuer, holder(stranger))
    await office.send_all()

    assert provider.to(NUMBER) == []
    assert await office.ledger() == [("failed", "suppressed")]
    answer = await office.call("GET", "/deliveries", token=await issuer.token(holder(stranger)))
    [shown] = answer.body["deliveries"]
    assert (shown["state"], shown["reason"]) == ("sent", None), "she may not be its holder"


@pytest.mark.proves("NT-3")
async def test_stop_while_a_text_message_is_under_way_stops_it(
    office: Office, issuer: Issuer, provider: Provider
) -> None:
    patient, _ = await with_number(office, issuer, EMAIL)
    await patient.is_written_to()
    [_, courier] = office.features.sending.text_couriers
    claim = await courier.claims.take()

    await provider.answer(NUMBER, "STOP")
    await courier._begin_all(claim)
    await courier.through()

    assert of_practices(provider) == []


@pytest.mark.proves("NT-3")
async def test_help_is_answered_in_her_language_once_for_one_question_and_three_times_an_hour(
    office: Office, issuer: Issuer, provider: Provider
) -> None:
    await with_number(office, issuer)
    before = len(provider.to(NUMBER))

    for _ in range(5):
        await provider.answer(NUMBER, "help")
    await office.send_all()

    answers = provider.to(NUMBER)[before:]
    assert len(answers) == 3
    assert all("STOP" in text.body for text in answers)


@pytest.mark.proves("NT-3", "LG-4")
async def test_what_is_not_signed_changes_nothing_and_counts_on_its_source(
    office: Office, issuer: Issuer, provider: Provider
) -> None:
    patient, _ = await with_number(office, issuer)
    await written_to(office, patient, provider=provider)
    forged = Provider(provider.hooks_url, token="guessed", office=office)

    told = [
        (await forged.answer(NUMBER, "STOP"))[0],
        (await forged.became(provider.to(NUMBER)[-1], "undelivered"))[0],
    ]

    assert told == [403, 403]
    assert await last(office) == ("text-message", "sent", None)
    assert await office.rows("SELECT FROM stopped_numbers") == []
    counted = await office.rows("SELECT FROM source_budget")
    assert len(counted) == 2


async def test_a_signature_for_another_place_or_other_words_is_none(
    office: Office, provider: Provider, issuer: Issuer
) -> None:
    said = {"From": NUMBER, "Body": "STOP"}
    elsewhere = provider.signed(f"{provider.hooks_url}/texts/status", said)
    other = provider.signed(f"{provider.hooks_url}/texts/incoming", {**said, "Body": "START"})

    for headers in (elsewhere, other, {}):
        answer = await office.call("POST", "/texts/incoming", form=said, headers=headers)
        assert answer.refused() == (403, "signature_wrong")


async def test_nothing_of_an_answer_is_kept(
    office: Office, issuer: Issuer, provider: Provider
) -> None:
    await provider.answer(NUMBER, "my doctor said something private")

    kept = str(await office.rows("SELECT a::text AS a FROM audit_entries AS a"))
    assert "private" not in kept
    assert NUMBER not in kept


async def sent_again(
    office: Office, issuer: Issuer, provider: Provider, *, hour: int = 9
) -> tuple[Patient, TextMessage]:
    """A text message of which nobody knows whether it arrived is to be sent again."""
    patient, _ = await with_number(office, issuer, EMAIL)
    await written_to(office, patient, Fault(hangs_up=True), provider=provider)
    assert await last(office) == ("text-message", "unknown", "unanswered")
    first = provider.to(NUMBER)[-1]
    office.clock.advance(hours=hour - START.hour)
    [row] = await office.rows("SELECT id FROM deliveries WHERE practice_id IS NOT NULL")
    held = HeldDeliveries(acts=office.plumbing.acts)
    assert await held.resend([DeliveryId(row["id"])], by=office.plumbing.operator()) == {}
    return patient, first


@pytest.mark.proves("NT-3", "NT-5")
@pytest.mark.parametrize("status", ["undelivered", "failed", "delivered"])
async def test_a_late_receipt_of_the_first_is_none_of_what_was_sent_again(
    office: Office, issuer: Issuer, provider: Provider, status: str
) -> None:
    _, first = await sent_again(office, issuer, provider)
    await office.send_all()
    second = provider.to(NUMBER)[-1]
    assert second.id != first.id

    assert (await provider.became(first, status))[0] == 204
    after_first = await last(office)
    await provider.became(second, "delivered")
    await office.send_all()

    assert after_first == ("text-message", "sent", None)
    assert await last(office) == ("text-message", "delivered", None)
    assert office.mails == []


@pytest.mark.proves("NT-3", "NT-6")
async def test_what_arrived_after_all_is_not_sent_again_where_that_waits(
    office: Office, issuer: Issuer, provider: Provider
) -> None:
    _, first = await sent_again(office, issuer, provider, hour=22)
    await office.send_all()  # it is night: held until eight
    waits = await last(office)

    await asyncio.gather(*(provider.became(first, "delivered") for _ in range(8)))
    office.clock.advance(hours=10)
    await office.send_all()

    assert waits == ("text-message", "queued", None)
    assert await last(office) == ("text-message", "delivered", None)
    assert len(of_practices(provider)) == 1


async def test_a_receipt_at_the_address_of_an_older_release_counts(
    office: Office, issuer: Issuer, provider: Provider
) -> None:
    patient, _ = await with_number(office, issuer, EMAIL)
    await written_to(office, patient, provider=provider)
    text = provider.to(NUMBER)[-1]
    older = structs.replace(text, status_url=text.status_url.partition("&attempt=")[0])

    told, _ = await provider.became(older, "delivered")

    assert told == 204
    assert await last(office) == ("text-message", "delivered", None)


@pytest.mark.parametrize(
    "query", ["", "?hop=0", "?delivery_id=00000000-0000-4000-8000-000000000000"]
)
async def test_a_signed_receipt_that_names_no_message_of_ours_changes_nothing(
    office: Office, issuer: Issuer, provider: Provider, query: str
) -> None:
    said = {"MessageSid": "SM1", "MessageStatus": "delivered"}

    told, _ = await provider.tell(f"{provider.hooks_url}/texts/status{query}", said)

    assert told == 204
