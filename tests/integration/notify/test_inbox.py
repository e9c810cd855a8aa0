"""NT-9: practices' systems on the bus, with the rights that the broker really gives them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
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
    DeliveryError,
    ProbableAuthenticationError,
)

from deploy.client.eventually import eventually
from deploy.local.provision import admit_system, expel_system
from services.notify.communications.store import inbox as store
from shared.contracts import inbox
from shared.contracts.identity import ACCOUNTS_MERGED
from shared.contracts.ids import PracticeId
from shared.contracts.inbox import LARGEST, System
from shared.contracts.topology import Policy, policies
from shared.db import Connection
from shared.messaging.dead_letters import KEPT_OF_LARGER, replay
from shared.messaging.intake import PREFETCH, Intake
from shared.messaging.management import segment
from tests.builders import events
from tests.builders.patients import Patient, a_patient
from tests.rigs.mail_server import MailServer
from tests.rigs.notify import Office
from tests.support.broker import Broker, administrator, apply_topology
from tests.support.clock import FakeClock
from tests.support.database import Database
from tests.support.neighbours import neighbour

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


def intake_of(office: Office, queue: str) -> Intake:
    [intake] = [one for one in office.service.messaging.intakes if one.queue == queue]
    return intake


async def take(office: Office) -> None:
    """Settle what came, and take all of it."""
    await intake_of(office, inbox.QUEUE).drain()
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
    assert {row["size"] for row in sizes} == {KEPT_OF_LARGER}


async def test_nor_does_one_that_is_dead_for_another_reason(
    office: Office, patient: Patient, broker: Broker, speaker: Speaker
) -> None:
    """Of nobody, of another content type, or given up by the broker."""
    large = b"x" * 100_000
    await speaker.says(b"1" + large, user_id=None)
    await speaker.says(b"2" + large, content_type="text/plain")
    await take(office)
    await speaker.says(b"3" + large)
    async with channel_of(broker) as channel:
        found = await channel.basic_get(inbox.QUEUE)
        await channel.basic_reject(found.delivery_tag or 0, requeue=False)

        async def given_up() -> None:
            assert await intake_of(office, "notify.dead").drain() == 1

        await eventually(given_up)

    assert sorted({reason for reason, _ in await dead(office)}) == [
        "broker",
        "unreadable",
        "wrong_publisher",
    ]
    sizes = await office.rows("SELECT octet_length(body) AS size FROM dead_letters")
    assert [row["size"] for row in sizes] == [KEPT_OF_LARGER] * 3


async def test_of_one_systems_dead_letters_the_oldest_go_and_no_others(
    office: Office, patient: Patient, speaker: Speaker, other: Speaker, monkeypatch: Any
) -> None:
    monkeypatch.setattr("services.notify.communications.inbox.MOST_DEAD", 10)
    monkeypatch.setattr("services.notify.checkups.MOST_DEAD", 10)
    await other.says(b"another's")
    await take(office)
    await office.rows(
        "INSERT INTO dead_letters"
        " (consumer, exchange, publisher, body, taken, reason, detail, attempts, died_at)"
        " VALUES ('notify.accounts', '', $1, 'an event', false, 'schema', '', 0, $2)"
        " RETURNING id",
        speaker.system.user,
        office.clock.now(),
    )
    assert await office.checked("systems' inboxes") is None

    for number in range(15):
        await speaker.says(f"bad {number}".encode())
        await take(office)

    rows = await office.rows(
        "SELECT convert_from(body, 'UTF8') AS body FROM dead_letters ORDER BY id"
    )
    newest = [f"bad {number}" for number in range(6, 15)]
    assert [row["body"] for row in rows] == ["another's", "an event", *newest]
    assert office.plumbing.metrics.value("dead_letters_dropped", queue=inbox.QUEUE) == 6
    assert await office.checked("systems' inboxes") == f"9 of {speaker.system.user} are dead"


async def test_whose_dead_letters_are_too_many_is_not_asked_for_each_of_them(
    office: Office, patient: Patient, speaker: Speaker, monkeypatch: Any
) -> None:
    monkeypatch.setattr("services.notify.communications.inbox.MOST_DEAD", 500)
    asked: list[str] = []
    drop_dead = store.drop_dead

    async def noted(tx: Connection, users: Collection[str], *, most: int) -> int:
        asked.extend(users)
        return await drop_dead(tx, users, most=most)

    monkeypatch.setattr(store, "drop_dead", noted)
    for number in range(12):
        await speaker.says(f"bad {number}".encode())
        await take(office)

    assert asked == [speaker.system.user] * 2


async def test_of_what_a_release_before_has_left_so_many_go_at_once_that_nothing_waits_for_it(
    office: Office, patient: Patient, speaker: Speaker, monkeypatch: Any
) -> None:
    for number in range(18):
        await speaker.says(f"bad {number}".encode())
    await take(office)
    monkeypatch.setattr("services.notify.communications.inbox.MOST_DEAD", 10)

    left = []
    for number in range(18, 26):
        await speaker.says(f"bad {number}".encode())
        await take(office)
        left.append(len(await dead(office)))

    assert left == [13, 11, 9, 10, 9, 10, 9, 10]  # twice at first: of the 18, and of the next one


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
    intake = intake_of(office, inbox.QUEUE)
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

    standings = await office.plumbing.client_budgets.standing(str(speaker.system.client_id))
    used = {standing.budget: standing.used for standing in standings}
    assert (len(await kept(office)), used["communications"]) == (500, 500)


# ---- what waits at the broker


@asynccontextmanager
async def channel_of(broker: Broker) -> AsyncIterator[aiormq.abc.AbstractChannel]:
    """Read notify's queues as notify does."""
    connection = await aiormq.connect(broker.url("notify"))
    try:
        yield await connection.channel()
    finally:
        await connection.close()


async def ready(broker: Broker, queue: str) -> int:
    """How many wait and are handed to nobody."""
    async with channel_of(broker) as channel:
        return int((await channel.queue_declare(queue, passive=True)).message_count or 0)


async def fill(speaker: Speaker) -> int:
    """Publish large bodies until the broker says no; return how many bytes it took."""
    large, taken = bytes(1024 * 1024), 0
    while taken < 2 * inbox.WAITING_BYTES:
        try:
            await speaker.says(large)
        except DeliveryError:  # basic.nack
            break
        taken += len(large)
    return taken


@pytest.mark.timeout(180)
async def test_a_queue_that_is_full_says_no_to_publishers_until_it_is_taken_from(
    office: Office,
    database: Database,
    patient: Patient,
    broker: Broker,
    speaker: Speaker,
    other: Speaker,
) -> None:
    taken = await fill(speaker)

    assert inbox.WAITING_BYTES <= taken < 2 * inbox.WAITING_BYTES
    for each in (speaker, other):
        with pytest.raises(DeliveryError):
            await each.says(body(patient, "later"))
    accounts = events.new_account(), events.new_account()
    async with neighbour("identity", database, broker) as identity:
        merged = events.merged(*accounts, "a@mail.example", "b@mail.example")
        await identity.tell(ACCOUNTS_MERGED, merged, subject=accounts[0])
    assert await intake_of(office, "notify.account-activity").drain() == 1

    await take(office)

    async def taken_again() -> None:
        try:
            await speaker.says(body(patient, "later"))
        except DeliveryError as refused:
            raise AssertionError("it is full still") from refused

    await eventually(taken_again)
    await take(office)
    assert await kept(office) == [(str(patient.practice_id), "later")]


async def test_as_many_are_handed_over_as_a_replica_has_memory_for(
    office: Office, patient: Patient, broker: Broker, speaker: Speaker
) -> None:
    """The rest waits at the broker, where its bytes are bounded."""
    more = 5
    bodies = [body(patient, f"{number}") for number in range(PREFETCH + more)]
    await speaker.says(*bodies)
    over = asyncio.Event()

    async def settle(_: object) -> None:
        await over.wait()

    running = asyncio.create_task(replace(intake_of(office, inbox.QUEUE), settle=settle).run())
    try:

        async def handed_over() -> None:
            assert await ready(broker, inbox.QUEUE) == more

        await eventually(handed_over)
        await asyncio.sleep(0.2)
        await handed_over()
    finally:
        over.set()
        running.cancel()
        await asyncio.wait({running})


async def test_topology_bounds_a_queue_of_before_and_leaves_what_is_in_it(
    office: Office, patient: Patient, broker: Broker, speaker: Speaker
) -> None:
    [events_policy] = [one for one in policies("notify") if one.name == "notify.queues"]
    before = Policy(
        name=events_policy.name,
        pattern=r"^notify\.(?!dead$|sessions$)",
        definition=events_policy.definition,
    )
    path = f"/api/policies/{segment(broker.vhost)}/notify.inbox"
    queue = f"/api/queues/{segment(broker.vhost)}/notify.inbox"

    async def bounded_by(policy: str) -> None:
        assert (await broker.management.get(queue)).get("policy") == policy

    async with administrator(broker, "notify").vhost() as vhost:
        await vhost.policy(before)
    await broker.management.delete(path)
    await eventually(lambda: bounded_by("notify.queues"))
    await speaker.says(body(patient))

    await apply_topology(broker, "notify")

    await eventually(lambda: bounded_by("notify.inbox"))
    await take(office)
    assert await kept(office) == [(str(patient.practice_id), "visit-7")]
