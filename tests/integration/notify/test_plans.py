"""What is done for each mail finds its rows by their keys, whatever PostgreSQL knows of the tables.

A prepared statement keeps a plan that was made when the tables were small, or when nothing was
known of them: one that reads a whole table then does so for every mail.
"""

from datetime import timedelta
from functools import partial

import pytest

from services.notify.communications.store import inbox, waiting
from services.notify.communications.store.inbox import Arrival
from services.notify.ledger.model import DeliveryId, State
from services.notify.ledger.store import deliveries
from services.notify.preferences.model import Means
from services.notify.preferences.store import preferences
from services.notify.projections.store import accounts
from services.notify.sending.model import Dot, Settlement, Verdict
from services.notify.sending.store import due, settlements, turns
from services.notify.suppressions.store import stops, suppressions
from services.notify.tellings import contents
from services.notify.tellings.intents import Intent
from services.notify.tellings.model import MessageClass, Reason
from shared.contracts.ids import AccountId, EventId, PatientId, PracticeId
from shared.randomness import Randomness
from tests.rigs.notify import Office
from tests.support.clock import START
from tests.support.database import Database
from tests.support.plans import (
    PLANNED_BEFORE_ONE_IS_KEPT,
    Call,
    detours_of,
    pages_read,
    times_planned,
)

RANDOM = Randomness()
IDS = [DeliveryId(RANDOM.uuid()) for _ in range(2)]
TOKEN = RANDOM.uuid()
LEASE = turns.Lease(token=TOKEN, until=START, limit=12)
MANY = 5_000
FILL = """
WITH one AS (
    SELECT gen_random_uuid() AS id, number FROM generate_series(1, $1) AS number
), known AS (
    INSERT INTO accounts (id, version, state, locale, time_zone)
    SELECT id, 1, 'active', 'en', 'UTC' FROM one
), merged AS (
    INSERT INTO merged_accounts (absorbed_id, survivor_id, merge_id, applied_at)
    SELECT gen_random_uuid(), id, gen_random_uuid(), $2 FROM one
), records AS (
    INSERT INTO patient_records (patient_id, account_id, practice_id, state)
    SELECT gen_random_uuid(), id, gen_random_uuid(), 'enrolled' FROM one
), addresses AS (
    INSERT INTO notification_addresses (id, account_id, kind, address, key, added_at, verified_at)
    SELECT id, id, 'email', 'a@mail.example', 'a@mail.example', $2, $2 FROM one
), stopped AS (
    INSERT INTO stopped_numbers (number, since)
    SELECT '+1213555' || number, $2 FROM one
), suppressed AS (
    INSERT INTO suppressions (address, since, status, delivery_id)
    SELECT number || '@mail.example', $2, '5.1.1', id FROM one
), preferences AS (
    INSERT INTO notification_preferences (practice_id, patient_id, topic, place, channel)
    SELECT gen_random_uuid(), gen_random_uuid(), 'any', 1, 'portal' FROM one
), submitted AS (
    INSERT INTO communications
        (practice_id, reference, event_id, patient_id, topic, submitted_at, due_at)
    SELECT id, '1', id, gen_random_uuid(), 'message', $2, CASE WHEN number % 2 = 0 THEN $2 END
    FROM one
), published AS (
    INSERT INTO inbox_retry
        (consumer, exchange, publisher, body, taken, attempts, due_at, error, created_at)
    SELECT 'notify.inbox', '', 'practice', '', false, 0, $2, '', $2 FROM one
)
INSERT INTO deliveries (
    id, event_id, recipient_digest, template, class, channel, account_id, address, content, locale,
    time_zone, occurred_at, created_at, due_at, state, attempts, phase, lease_token, lease_until
)
SELECT id, id, decode(repeat('00', 32), 'hex'), 'account-locked', 'account-activity', 'email', id,
    'a@mail.example', '{}', 'en', 'UTC', $2, $2, $2, 'sending', 1, 'connecting', id, $2
FROM one
"""
DEAD = """
INSERT INTO dead_letters
    (consumer, exchange, publisher, body, taken, reason, detail, attempts, died_at)
SELECT 'notify.inbox', '', CASE WHEN number <= 300 THEN 'few' ELSE 'many' END,
    convert_to(number || repeat('x', 250), 'UTF8'), false, 'schema', '', 0, $1
FROM generate_series(1, 20000) AS number
"""


def filing(one: DeliveryId) -> deliveries.Filing:
    """A message that has nowhere to go."""
    content = contents.AddressSuppressed(address="a@mail.example")
    return deliveries.Filing(
        id=one,
        intent=Intent(
            event_id=EventId(one),
            message_class=MessageClass.ACCOUNT_ACTIVITY,
            template=contents.template_of(content),
            account_id=AccountId(one),
            address=None,
            refusal=Reason.SUPPRESSED,
            content=content,
            locale="en",
            time_zone="UTC",
            occurred_at=START,
            correlation_id=one,
        ),
        digest=bytes(32),
    )


CALLS: dict[str, Call] = {
    "mark": lambda tx: settlements.mark_dots(
        tx, [Dot(delivery_id=one, token=TOKEN, address="a", now=START) for one in IDS]
    ),
    "settle": lambda tx: settlements.settle(
        tx,
        [
            Settlement(
                delivery_id=one,
                token=TOKEN,
                verdict=Verdict(state=State.SENT),
                answer=None,
                at=START,
            )
            for one in IDS
        ],
    ),
    "phase": lambda tx: settlements.phase_of(tx, IDS[0], TOKEN),
    "renew": lambda tx: turns.renew(tx, IDS, TOKEN, until=START + timedelta(1)),
    "hand back": lambda tx: turns.hand_back(tx, IDS, TOKEN),
    "take activity": lambda tx: turns.take_activity(tx, LEASE, Means.EMAIL, now=START),
    "take communications": lambda tx: turns.take_communications(
        tx, LEASE, Means.EMAIL, [PracticeId(RANDOM.uuid())], now=START
    ),
    "who has a turn": lambda tx: turns.practices_due(
        tx, Means.EMAIL, after=PracticeId(RANDOM.uuid()), limit=12, now=START
    ),
    "what is due first": lambda tx: due.first_activity(tx, Means.EMAIL),
    "what is due first of practices": lambda tx: due.first_communication(tx, Means.EMAIL),
    "what is overdue": lambda tx: due.oldest_due(tx, before=START),
    "whose phone it is": lambda tx: accounts.having(tx, "+12135550147"),
    "whose turn it is": lambda tx: waiting.practices(
        tx, after=PracticeId(RANDOM.uuid()), limit=200, now=START
    ),
    "what it submitted": lambda tx: waiting.claim(
        tx, [PracticeId(RANDOM.uuid())], limit=200, now=START
    ),
    "its room": lambda tx: inbox.room(tx, [Arrival(publisher="practice", body=b"")], most=100_000),
    "that it is filed": lambda tx: waiting.settle(tx, [EventId(RANDOM.uuid())], []),
    "file": lambda tx: deliveries.add(tx, [filing(one) for one in IDS], now=START),
    "of a practice": lambda tx: deliveries.of_practice(
        tx, PracticeId(RANDOM.uuid()), before=deliveries.NEWEST, limit=100
    ),
    "of a record": lambda tx: deliveries.of_record(
        tx,
        PracticeId(RANDOM.uuid()),
        PatientId(RANDOM.uuid()),
        before=deliveries.NEWEST,
        limit=100,
    ),
    "what is chosen": lambda tx: preferences.reaches(
        tx,
        {(PracticeId(RANDOM.uuid()), PatientId(RANDOM.uuid())): AccountId(RANDOM.uuid())},
    ),
    "what is suppressed": lambda tx: suppressions.among(tx, {"a@mail.example", "b@mail.example"}),
    "who answered STOP": lambda tx: stops.among(tx, {"+12135550147", "+12135550148"}),
    "whose record": lambda tx: accounts.find_by_patient(
        tx, [(PracticeId(RANDOM.uuid()), PatientId(RANDOM.uuid()))]
    ),
}


@pytest.mark.parametrize("known", ["nothing", "that-they-were-empty", "what-is-there"])
async def test_what_is_done_for_each_mail_takes_no_detour(
    office: Office, database: Database, known: str
) -> None:
    async with database.administrator() as owner:
        await owner.execute("SET search_path = notify")
        if known == "that-they-were-empty":
            await owner.execute("ANALYZE")
        await owner.execute(FILL, MANY, START)
        if known == "what-is-there":
            await owner.execute("ANALYZE")

    found = {name: await detours_of(office.plumbing.database, call) for name, call in CALLS.items()}

    assert found == {name: [] for name in CALLS}


async def test_what_is_done_for_each_mail_is_planned_once(
    office: Office, database: Database
) -> None:
    """Where the plan that is kept looks dearer than one for just these values, PostgreSQL makes one
    anew each time; that costs more than what it is for.
    """
    async with database.administrator() as owner:
        await owner.execute("SET search_path = notify")
        await owner.execute(FILL, MANY, START)
        await owner.execute("ANALYZE")

    found = {
        name: await times_planned(office.plumbing.database, call, times=12)
        for name, call in CALLS.items()
    }

    assert found == dict.fromkeys(CALLS, PLANNED_BEFORE_ONE_IS_KEPT)


async def test_what_is_read_to_drop_dead_letters_is_no_more_where_there_are_many_more(
    office: Office, database: Database
) -> None:
    async with database.administrator() as owner:
        await owner.execute("SET search_path = notify")
        await owner.execute(DEAD, START)
        await owner.execute("ANALYZE dead_letters")

    few, many = [
        await pages_read(office.plumbing.database, partial(inbox.drop_dead, users=[user], most=200))
        for user in ("few", "many")
    ]

    assert many < 2 * few
