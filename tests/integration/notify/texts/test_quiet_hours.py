"""Quiet hours go by where a recipient is when her text message is due, and cost no look (NT-3)."""

from collections.abc import Awaitable, Sequence
from datetime import datetime, timedelta

import pytest

from services.notify.preferences.model import Means
from services.notify.sending.store import turns
from shared.contracts.ids import PracticeId
from shared.db import Connection
from tests.builders import events
from tests.builders.patients import Patient, a_patient
from tests.integration.notify.test_preferences import EMAIL
from tests.integration.notify.texts.test_practice_texts import (
    last,
    of_practices,
    with_number,
    written_to,
)
from tests.rigs.issuer import Issuer
from tests.rigs.notify import Office
from tests.rigs.texts import Provider
from tests.support.clock import START
from tests.support.database import Database
from tests.support.plans import pages_read

pytestmark = pytest.mark.proves("NT-3")

HELD = 10_000
HOLD = """
INSERT INTO deliveries (
    id, event_id, recipient_digest, template, class, channel, account_id, practice_id, patient_id,
    topic, reference, address, content, locale, time_zone, occurred_at, created_at, due_at, state
)
SELECT gen_random_uuid(), gen_random_uuid(), decode(repeat('00', 32), 'hex'),
    'practice-communication', 'practice-communication', 'text-message', gen_random_uuid(), $2,
    gen_random_uuid(), 'message', number::text, '+12135550147', '{}', 'en', 'UTC', $3, $3,
    $4::timestamptz + number * interval '1 ms', 'queued'
FROM generate_series(1, $1) AS number
"""


async def moves(patient: Patient, time_zone: str) -> None:
    """She chooses another time zone, of which identity tells."""
    account = events.account(patient.account_id, patient.enrolment(), time_zone=time_zone)
    await patient.office.know(account, version=2)


def at(office: Office, hour: int, minute: int = 0) -> datetime:
    """Let it become that late, in UTC."""
    then = START.replace(hour=hour, minute=minute)
    office.clock.advance(seconds=(then - office.clock.now()).total_seconds())
    return then


async def test_what_is_filed_by_night_goes_at_once_where_it_is_day_by_now(
    office: Office, issuer: Issuer, provider: Provider
) -> None:
    patient, _ = await with_number(office, issuer)
    at(office, 22)
    await patient.is_written_to()

    await moves(patient, "America/Los_Angeles")
    await office.send_all()

    assert len(of_practices(provider)) == 1


async def test_what_is_held_until_eight_is_held_on_where_it_is_night_by_then(
    office: Office, issuer: Issuer, provider: Provider
) -> None:
    patient, _ = await with_number(office, issuer)
    at(office, 22)
    await written_to(office, patient, provider=provider)

    await moves(patient, "America/New_York")
    office.clock.advance(hours=10)  # eight in UTC, three there
    await office.send_all()
    early = of_practices(provider)
    office.clock.advance(hours=5)
    await office.send_all()

    assert early == []
    assert len(of_practices(provider)) == 1


async def test_a_time_zone_that_nobody_knows_holds_no_text_message_up(
    office: Office, issuer: Issuer, provider: Provider
) -> None:
    patient, _ = await with_number(office, issuer, EMAIL)
    await moves(patient, "Mars/Olympus_Mons")

    await written_to(office, patient, provider=provider)

    assert await last(office) == ("text-message", "sent", None)


async def test_a_look_reads_past_what_is_held_not_through_it(
    office: Office, database: Database
) -> None:
    night, morning = START.replace(hour=22), START.replace(day=6, hour=8)
    large, small = await a_patient(office), await a_patient(office)
    async with database.administrator() as owner:
        await owner.execute("SET search_path = notify")
        await owner.execute(HOLD, HELD, large.practice_id, night, morning)
        await owner.execute(HOLD, 1, small.practice_id, night, night - timedelta(minutes=1))
        await owner.execute("ANALYZE deliveries")

    def look(tx: Connection) -> Awaitable[Sequence[PracticeId]]:
        return turns.practices_due(tx, Means.TEXT_MESSAGE, after=turns.LOWEST, limit=12, now=night)

    read = await pages_read(office.plumbing.database, look)
    async with office.plumbing.database.connection() as connection:
        found = await look(connection)

    assert found == [small.practice_id]
    assert read < 30
