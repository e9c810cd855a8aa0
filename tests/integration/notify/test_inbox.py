"""NT-9: practices' systems on the bus, with the rights that the broker really gives them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import aiormq
import msgspec
import pytest
import pytest_asyncio
from aiormq.exceptions import (
    AMQPError,
    ChannelAccessRefused,
    ChannelPreconditionFailed,
    ProbableAuthenticationError,
)

from deploy.client.eventually import eventually
from deploy.local.provision import admit_system, expel_system
from services.notify.communications.inbox import KEPT, LARGEST
from shared.contracts import inbox
from shared.contracts.ids import PracticeId
from shared.contracts.inbox import System
from shared.messaging.dead_letters import replay
from shared.messaging.management import segment
from tests.builders import events
from tests.builders.patients import Patient, a_patient
from tests.rigs.mail_server import MailServer
from tests.rigs.notify import Office
from tests.support.broker import Broker
from tests.support.clock import FakeClock
from tests.support.database import Database

pytestmark = pytest.mark.proves("NT-9")

MOST = 1000  # the least budget that can be set
OWN = "its own"


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """A practice's system, by its own connection to the broker."""

    system: System
    url: str

    @asynccontextmanager
    async def channel(self) -> AsyncIterator[aiormq.abc.AbstractChannel]:
        connection = await aiormq.connect(self.url)
        try:
            yield await connection.channel()
        finally:
            await connection.close()

    async def says(
        self,
        *bodies: bytes,
        exchange: str = inbox.EXCHANGE,
        key: str | None = None,
        user_id: str | None = OWN,
        content_type: str = inbox.CONTENT_TYPE,
        headers: Mapping[str, Any] | None = None,
    ) -> None:
        """Publish and wait for the confirms. Raises what the broker refuses with."""
        properties = aiormq.spec.Basic.Properties(
            content_type=content_type,
            delivery_mode=2,
            user_id=self.system.user if user_id == OWN else user_id,
            headers=dict(headers or {}),
        )
        async with self.channel() as channel:
            await asyncio.gather(
                *(
                    channel.basic_publish(
                        body,
                        exchange=exchange,
                        routing_key=self.system.routing_key if key is None else key,
                        properties=properties,
                        mandatory=True,
                    )
                    for body in bodies
                )
            )


@pytest_asyncio.fixture
async def office(
    database: Database, mail_server: MailServer, clock: FakeClock, broker: Broker
) -> AsyncIterator[Office]:
    made = Office.opened(
        database,
        clock,
        mail_server,
        broker_url=broker.url("notify"),
        client_communications_an_hour=str(MOST),
    )
    yield made
    await made.close()


@pytest_asyncio.fixture
async def patient(office: Office) -> Patient:
    return await a_patient(office)


@asynccontextmanager
async def admitted(broker: Broker, practice_id: PracticeId) -> AsyncIterator[Speaker]:
    system = System(practice_id=practice_id, client_id=uuid4())
    try:
        url = await admit_system(broker, system, "a password of a test")
        yield Speaker(system=system, url=url)
    finally:
        await expel_system(broker, system)


@pytest_asyncio.fixture
async def speaker(broker: Broker, patient: Patient) -> AsyncIterator[Speaker]:
    async with admitted(broker, patient.practice_id) as found:
        yield found


@pytest_asyncio.fixture
async def other(broker: Broker, office: Office) -> AsyncIterator[Speaker]:
    """Another practice's."""
    async with admitted(broker, (await a_patient(office)).practice_id) as found:
        yield found


def body(patient: Patient, reference: str = "visit-7", **said: object) -> bytes:
    return worded(patient, {"reference": reference, **said})


def worded(patient: Patient, said: Mapping[str, object]) -> bytes:
    return msgspec.json.encode({"patient_id": patient.patient_id, "topic": "message", **said})


async def take(office: Office) -> None:
    """Settle what came, and take all of it."""
    [intake] = [one for one in office.service.messaging.intakes if one.queue == inbox.QUEUE]
    await intake.drain()
    while await office.features.communications.inbox.once():
        pass


async def kept(office: Office) -> list[tuple[str, str]]:
    rows = await office.rows("SELECT practice_id, reference FROM communications ORDER BY 1, 2")
    return [(str(row["practice_id"]), row["reference"]) for row in rows]


async def dead(office: Office) -> list[tuple[str, str]]:
    rows = await office.rows("SELECT reason, detail FROM dead_letters ORDER BY id")
    return [(row["reason"], row["detail"]) for row in rows]


async def waiting(office: Office) -> int:
    [row] = await office.rows("SELECT count(*) FROM inbox_retry WHERE consumer = 'notify.inbox'")
    return int(row["count"])


async def test_what_a_practices_system_publishes_becomes_a_mail(
    office: Office, patient: Patient, speaker: Speaker
) -> None:
    await speaker.says(body(patient, topic="appointment"))

    await take(office)
    await office.file_submitted()
    await office.send_all()

    (mail,) = office.mail_server.to(events.ADDRESS)
    assert "appointment" in mail.text
    assert (await waiting(office), await dead(office)) == (0, [])


async def test_the_same_reference_is_the_same_communication_by_bus_and_otherwise(
    office: Office, patient: Patient, speaker: Speaker
) -> None:
    await patient.is_submitted("visit-7")
    await speaker.says(*[body(patient, "visit-7")] * 2, *[body(patient, "visit-8")] * 2)
    await take(office)
    await patient.is_submitted("visit-8")

    practice = str(patient.practice_id)
    assert await kept(office) == [(practice, "visit-7"), (practice, "visit-8")]
    rows = await office.rows("SELECT count(*) FROM communications WHERE due_at IS NOT NULL")
    assert (rows[0]["count"], await dead(office)) == (2, [])


async def test_a_reference_used_for_something_else_is_a_dead_letter_and_audited(
    office: Office, patient: Patient, speaker: Speaker
) -> None:
    await patient.is_submitted("visit-7")
    await speaker.says(body(patient, "visit-7", topic="statement"), body(patient, "visit-8"))

    await take(office)

    assert await dead(office) == [("undeliverable", "reference_reused")]
    assert len(await kept(office)) == 2
    actor = f"client:{speaker.system.client_id}"
    rows = await office.rows("SELECT outcome, detail FROM audit_entries WHERE actor = $1", actor)
    assert sorted(tuple(row) for row in rows) == [
        ("done", "message"),
        ("refused", "reference_reused"),
    ]


# ---- what a fallen system can do


@pytest.mark.parametrize("service", ["identity", "recovery", "merge", "notify"])
@pytest.mark.parametrize("suffix", ["events", "dead", "sessions"])
async def test_it_speaks_for_no_service(
    office: Office, patient: Patient, speaker: Speaker, service: str, suffix: str
) -> None:
    with pytest.raises(AMQPError):  # 403, or 404 where there is no such exchange
        await speaker.says(
            body(patient),
            exchange=f"{service}.{suffix}",
            key="notify.keys-changed.v1",
        )
    await office.consume()
    assert await kept(office) == []


@pytest.mark.parametrize("exchange", ["", "amq.topic", "amq.fanout", "amq.direct", "amq.headers"])
async def test_it_writes_to_no_other_exchange(
    patient: Patient, speaker: Speaker, exchange: str
) -> None:
    with pytest.raises(ChannelAccessRefused):
        await speaker.says(body(patient), exchange=exchange, key=inbox.QUEUE)


async def test_it_speaks_for_no_other_practice(
    office: Office, patient: Patient, speaker: Speaker, other: Speaker
) -> None:
    for key in (other.system.routing_key, "communications.*", "communications", "#", ""):
        with pytest.raises(ChannelAccessRefused):
            await speaker.says(body(patient), key=key)

    await take(office)
    assert (await kept(office), await dead(office)) == ([], [])


@pytest.mark.parametrize("user_id", ["notify", "identity", "topology", "the other's"])
async def test_it_names_no_other_user(
    office: Office, patient: Patient, speaker: Speaker, other: Speaker, user_id: str
) -> None:
    named = other.system.user if user_id == "the other's" else user_id
    with pytest.raises(ChannelPreconditionFailed):
        await speaker.says(body(patient), user_id=named)

    await take(office)
    assert (await kept(office), await dead(office)) == ([], [])


async def test_a_copy_under_anothers_key_is_never_the_others(
    office: Office, patient: Patient, speaker: Speaker, other: Speaker
) -> None:
    """RabbitMQ 4 holds CC to the topic permission, 3.10 does not: there who published counts."""
    own = [(str(speaker.system.practice_id), "visit-7")]
    try:
        await speaker.says(body(patient), headers={"CC": [other.system.routing_key]})
    except ChannelAccessRefused:
        own = []

    await take(office)

    assert await kept(office) == own


async def ignore(_: object) -> None:
    """Take nothing."""


ATTEMPTS: Mapping[str, Callable[[Any], Awaitable[object]]] = {
    "declare": lambda channel: channel.queue_declare("mine"),
    "exchange": lambda channel: channel.exchange_declare("mine", exchange_type="topic"),
    "consume": lambda channel: channel.basic_consume(inbox.QUEUE, ignore),
    "get": lambda channel: channel.basic_get(inbox.QUEUE),
    "bind": lambda channel: channel.queue_bind(inbox.QUEUE, inbox.EXCHANGE, "other.*"),
    "purge": lambda channel: channel.queue_purge(inbox.QUEUE),
    "delete": lambda channel: channel.queue_delete(inbox.QUEUE),
}


@pytest.mark.parametrize("attempt", ATTEMPTS)
async def test_it_declares_binds_and_reads_nothing(speaker: Speaker, attempt: str) -> None:
    async with speaker.channel() as channel:
        with pytest.raises(ChannelAccessRefused):
            await ATTEMPTS[attempt](channel)


@pytest.mark.parametrize("service", ["identity", "recovery", "merge"])
async def test_no_service_speaks_for_a_practice(
    patient: Patient, broker: Broker, speaker: Speaker, service: str
) -> None:
    fallen = Speaker(system=speaker.system, url=broker.url(service))

    with pytest.raises(ChannelAccessRefused):
        await fallen.says(body(patient), user_id=service)


async def test_one_that_was_expelled_says_no_more(
    broker: Broker, patient: Patient, speaker: Speaker
) -> None:
    async with speaker.channel() as channel:
        await expel_system(broker, speaker.system)

        def ended() -> None:
            assert channel.is_closed

        await eventually(ended)
    with pytest.raises(ProbableAuthenticationError):
        await speaker.says(body(patient))


# ---- what is dead, with its reason


async def test_without_a_user_id_nobody_knows_whose_it_is(
    office: Office, patient: Patient, speaker: Speaker
) -> None:
    await speaker.says(body(patient), user_id=None)

    await take(office)

    assert await dead(office) == [("wrong_publisher", "it names no user_id")]
    assert await kept(office) == []


async def test_a_right_too_wide_lets_nobody_speak_for_another(
    office: Office, patient: Patient, broker: Broker, speaker: Speaker, other: Speaker
) -> None:
    path = f"/api/topic-permissions/{segment(broker.vhost)}/{segment(speaker.system.user)}"
    await broker.management.delete(path)  # then the broker asks no more after the key
    await speaker.says(body(patient), key=other.system.routing_key)

    await take(office)

    assert await dead(office) == [("wrong_publisher", "of another practice's routing key")]
    assert await kept(office) == []


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"", "schema"),
        (b"\xff", "schema"),
        (b"[]", "schema"),
        (b"[" * LARGEST, "schema"),
        ({"topic": "gossip"}, "schema"),
        ({"reference": ""}, "schema"),
        ({"reference": "a\0b"}, "schema"),
        ({"practice_id": str(UUID(int=7))}, "schema"),
        ({"text": "what it says"}, "schema"),
    ],
)
async def test_a_bad_body_is_dead_and_takes_no_other_along(
    office: Office,
    patient: Patient,
    speaker: Speaker,
    said: bytes | dict[str, object],
    reason: str,
) -> None:
    bad = said if isinstance(said, bytes) else worded(patient, {"reference": "bad", **said})
    await speaker.says(bad, body(patient, "good"))

    await take(office)

    assert [found for found, _ in await dead(office)] == [reason]
    assert await kept(office) == [(str(patient.practice_id), "good")]


async def test_another_content_type_is_not_read(
    office: Office, patient: Patient, speaker: Speaker
) -> None:
    await speaker.says(body(patient), content_type="text/plain")

    await take(office)

    assert [reason for reason, _ in await dead(office)] == ["unreadable"]


async def test_a_body_larger_than_any_fills_no_table(
    office: Office, patient: Patient, speaker: Speaker
) -> None:
    most = body(patient, "good").ljust(LARGEST)
    await speaker.says(most, most + b" ", b"x" * 1_000_000)

    await take(office)

    told = f"bytes, where {LARGEST} are the most"
    assert sorted(await dead(office)) == [
        ("unreadable", f"its body has {1_000_000} {told}"),
        ("unreadable", f"its body has {LARGEST + 1} {told}"),
    ]
    assert await kept(office) == [(str(patient.practice_id), "good")]
    sizes = await office.rows("SELECT octet_length(body) AS size FROM dead_letters")
    assert {row["size"] for row in sizes} == {KEPT}


async def test_a_dead_letter_is_replayed_with_what_is_known_of_it(
    office: Office, patient: Patient, speaker: Speaker
) -> None:
    await speaker.says(b"{}")
    await speaker.says(body(patient), user_id=None)
    await take(office)
    await office.rows(
        "UPDATE dead_letters SET body = $1 WHERE reason = 'schema' RETURNING id", body(patient)
    )

    async with office.plumbing.database.transaction() as tx:
        assert await replay(tx, ids=None, now=office.clock.now()) == 2
    await take(office)

    assert await kept(office) == [(str(patient.practice_id), "visit-7")]
    assert [reason for reason, _ in await dead(office)] == ["wrong_publisher"]
    assert await waiting(office) == 0


# ---- the budget, and turns


@pytest.mark.proves("ST-1")
async def test_what_is_beyond_the_clients_budget_waits_and_is_not_lost(
    office: Office, patient: Patient, speaker: Speaker, other: Speaker
) -> None:
    budgets = office.plumbing.client_budgets
    await budgets.spend(str(speaker.system.client_id), {"communications": MOST - 4})  # over HTTP
    await speaker.says(*(body(patient, f"{number}") for number in range(10)))
    await take(office)
    assert (len(await kept(office)), await waiting(office)) == (4, 6)

    await other.says(body(patient, "others"))
    await take(office)
    assert (len(await kept(office)), await waiting(office)) == (5, 6)  # in nobody's way

    office.clock.advance(minutes=62)
    await take(office)

    assert (len(await kept(office)), await waiting(office)) == (11, 0)
    assert await dead(office) == []


async def arrive(office: Office, count: int) -> None:
    """Consume as a service does, until so many wait."""
    [intake] = [one for one in office.service.messaging.intakes if one.queue == inbox.QUEUE]

    async def here() -> None:
        assert await waiting(office) == count

    consuming = asyncio.create_task(intake.run())
    try:
        await eventually(here)
    finally:
        consuming.cancel()
        await asyncio.wait([consuming])


@pytest_asyncio.fixture
async def twins(
    database: Database, clock: FakeClock, broker: Broker
) -> AsyncIterator[tuple[Office, Office]]:
    """Two replicas with the budget of a deployment."""
    url = broker.url("notify")
    one, other = [Office.opened(database, clock, broker_url=url) for _ in range(2)]
    yield one, other
    for office in (one, other):
        await office.close()


async def test_what_is_too_much_of_one_system_is_dead_with_its_reason_and_in_nobodys_way(
    office: Office,
    patient: Patient,
    speaker: Speaker,
    other: Speaker,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("services.notify.communications.inbox.MOST_WAITING", 4)
    monkeypatch.setattr("services.notify.checkups.MOST_WAITING", 4)
    [intake] = [one for one in office.service.messaging.intakes if one.queue == inbox.QUEUE]
    await speaker.says(body(patient, "1"), body(patient, "2"))
    await intake.drain()
    await other.says(body(patient, "others"))
    assert await office.checked("systems' inboxes") is None

    for number in (3, 4, 5, 6):
        await speaker.says(body(patient, f"{number}"))
    await intake.drain()

    assert await dead(office) == [("undeliverable", "4 of its system wait already")] * 2
    assert await office.checked("systems' inboxes") == f"4 of {speaker.system.user} wait"
    await take(office)
    assert len(await kept(office)) == 5
    await speaker.says(body(patient, "7"))
    await take(office)
    assert len(await kept(office)) == 6


@pytest.mark.proves("NT-1")
async def test_ten_of_another_practice_are_not_behind_thousands_of_one(
    twins: tuple[Office, Office], patient: Patient, broker: Broker, speaker: Speaker
) -> None:
    office, _ = twins
    another = await a_patient(office)
    async with admitted(broker, another.practice_id) as other:
        await speaker.says(*(body(patient, f"{number}") for number in range(3000)))
        await other.says(*(body(another, f"{number}") for number in range(10)))
        await arrive(office, 3010)

    await office.features.communications.inbox.once()

    found = [practice for practice, _ in await kept(office)]
    assert found.count(str(another.practice_id)) == 10
    assert found.count(str(patient.practice_id)) == 100


async def test_two_replicas_take_each_once(
    twins: tuple[Office, Office], patient: Patient, speaker: Speaker
) -> None:
    office, _ = twins
    await speaker.says(*(body(patient, f"{number}") for number in range(500)))
    await arrive(office, 500)

    while await waiting(office):
        await asyncio.gather(*(one.features.communications.inbox.once() for one in twins))

    [standing] = await office.plumbing.client_budgets.standing(str(speaker.system.client_id))
    assert (len(await kept(office)), standing.used) == (500, 500)
