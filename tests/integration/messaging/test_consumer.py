"""Consumers: the inbox, effects, retries and dead letters."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from uuid import UUID, uuid4

import pytest

from deploy.client.eventually import eventually
from shared.contracts.envelope import Received
from shared.contracts.identity import ACCOUNT_CHANGED, AccountChanged
from shared.db import Connection
from shared.messaging import effects
from shared.messaging.dead_letters import discard, list_dead, replay
from shared.messaging.messages import Outcome, Outgoing
from shared.messaging.retries import KEEP, RetryPolicy
from shared.messaging.subscriptions import Subscription, Undeliverable, subscribe, subscribe_several
from tests.contract.golden import sample_path
from tests.integration.messaging.conftest import (
    QUEUE,
    Recorder,
    Replica,
    Replicas,
    running,
)
from tests.support.database import PATIENCE
from tests.support.deliveries import delivered
from tests.support.proxy import proxied

RETRIES = "SELECT attempts FROM inbox_retry ORDER BY id"
KEY = "identity.account-changed.v1"


def fail_for(subject: UUID, error: Exception) -> Recorder:
    """A handler that raises for one subject, after it has written."""

    def fail(event: Received[AccountChanged]) -> None:
        if event.subject == str(subject):
            raise error

    return Recorder(fail=fail)


async def bodies(identity: Replica, subjects: int, versions: int) -> list[bytes]:
    """What the outbox would publish, taken out of it."""
    for _ in range(subjects):
        subject = uuid4()
        for version in range(1, versions + 1):
            await identity.tell(subject, version=version)
    found = await identity.fetch("DELETE FROM outbox RETURNING body")
    return [body for [body] in found if isinstance(body, bytes)]


async def publish(
    replica: Replica, *messages: bytes, exchange: str = "identity.events", key: str = KEY
) -> None:
    """Publish bodies as they are."""
    publisher = replica.bus.broker.publisher()
    outcomes = await publisher.publish(
        [
            Outgoing(
                message_id=str(uuid4()),
                exchange=exchange,
                routing_key=key,
                body=body,
                content_type="application/cloudevents+json",
            )
            for body in messages
        ],
        within=PATIENCE,
    )
    await publisher.close()
    assert set(outcomes) == {Outcome.CONFIRMED}


async def settle_both(first: Replica, second: Replica, *batches: list[bytes], seed: int) -> None:
    """Two replicas settle a batch each at the same time, each in an order of its own."""
    for order, batch in enumerate(batches):
        Random(2 * seed + order).shuffle(batch)
    await asyncio.gather(
        *(
            replica.intake.settle([delivered(body) for body in batch])
            for replica, batch in zip((first, second), batches, strict=True)
        )
    )


async def test_replicas_that_are_given_the_same_batch_neither_deadlock_nor_repeat_an_effect(
    identity: Replica, replicas: Replicas
) -> None:
    first, second = [await replicas.of("merge", Recorder()) for _ in range(2)]

    for seed in range(20):
        every = await bodies(identity, 10, 5)
        await settle_both(first, second, list(every), list(every), seed=seed)

    assert await first.fetch("SELECT count(*) FROM inbox_retry") == [(0,)]
    assert await first.fetch("SELECT count(*) FROM effects") == [(20 * 50,)]


async def test_replicas_whose_batches_are_about_the_same_subjects_do_not_deadlock(
    identity: Replica, replicas: Replicas
) -> None:
    first, second = [await replicas.of("merge", Recorder()) for _ in range(2)]
    every = await bodies(identity, 10, 5)

    for seed in range(20):
        await settle_both(first, second, every[::2], every[1::2], seed=seed)
        await first.fetch("DELETE FROM inbox")

    assert await first.fetch("SELECT count(*) FROM inbox_retry") == [(0,)]
    assert await first.fetch("SELECT DISTINCT version FROM newest") == [(5,)]


@pytest.mark.proves("NT-6")
async def test_two_replicas_share_a_queue_and_every_event_has_one_effect(
    identity: Replica, replicas: Replicas
) -> None:
    first, second = [await replicas.of("merge", Recorder()) for _ in range(2)]
    every = await bodies(identity, 100, 3)

    async with running(first.intake, second.intake):
        await publish(identity, *every, *every)
        await eventually(lambda: settled(first, 300), within=10)

    assert len(set(await first.effects())) == 300


async def settled(replica: Replica, count: int) -> None:
    assert len(await replica.effects()) == count


async def test_poison_is_dead_lettered_with_its_reason_and_its_neighbours_pass(
    identity: Replica, merge: Replica
) -> None:
    good = await bodies(identity, 2, 1)
    bad_type = good[0].replace(b'"security_version":1', b'"security_version":"one"')
    bad_value = good[0].replace(b'"state":"active"', b'"state":"ada\'s secret"')

    await publish(identity, good[0], b"{", bad_type, bad_value, b'{"specversion":"1.0"}', good[1])
    await merge.intake.drain()

    assert len(await merge.effects()) == 2
    letters = await list_dead(merge.database)
    reasons = [letter.reason for letter in letters]
    assert reasons == ["unreadable", "schema", "schema", "unreadable"]
    for letter, path in zip(letters[1:3], ("$.security_version", "$.state"), strict=True):
        assert path in letter.detail
        assert "secret" not in letter.detail
        assert letter.event_type == "portico.identity.account-changed.v1"


@pytest.mark.parametrize(
    "poison",
    [
        b'"state":"nul \\u0000 inside"',
        b'"state":"lone \\ud800 surrogate"',
        b'"state":"' + b"x" * 60_000 + b'"',
    ],
)
async def test_a_poison_whose_own_words_no_column_takes_is_buried_all_the_same(
    identity: Replica, merge: Replica, poison: bytes
) -> None:
    good, bad = await bodies(identity, 2, 1)

    await publish(identity, bad.replace(b'"state":"active"', poison), good)
    await merge.intake.drain()

    assert len(await merge.effects()) == 1
    assert len(await list_dead(merge.database)) == 1


async def test_a_type_whose_name_no_column_takes_is_buried_by_the_drainer_too(
    merge: Replica,
) -> None:
    body = sample_path(ACCOUNT_CHANGED).read_bytes().replace(b"account-changed", b"a\\u0000b")

    await merge.drainer.settle([delivered(body)])

    [letter] = await list_dead(merge.database)
    assert letter.event_type == "portico.identity.a\N{REPLACEMENT CHARACTER}b.v1"


async def test_a_handler_that_hangs_has_failed_and_its_neighbours_pass(
    identity: Replica, replicas: Replicas, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(effects, "TOGETHER_SECONDS", 0.2)
    monkeypatch.setattr(effects, "ALONE_SECONDS", 0.2)
    hanging = uuid4()

    async def hang(tx: Connection, event: Received[AccountChanged]) -> None:
        await Recorder().record(tx, event)
        if event.subject == str(hanging):
            await tx.execute("SELECT pg_sleep(60)")

    merge = await replicas.of("merge", {QUEUE: (subscribe(ACCOUNT_CHANGED, hang),)})

    await merge.hear(identity, uuid4(), hanging, uuid4())

    assert len(await merge.effects()) == 2
    assert await merge.fetch(RETRIES) == [(1,)]


@dataclass(slots=True)
class Several:
    """A handler of several at once that raises when `bad` is among them."""

    bad: UUID = field(default_factory=uuid4)
    runs: list[int] = field(default_factory=list)

    async def record(self, tx: Connection, *events: Received[AccountChanged]) -> None:
        self.runs.append(len(events))
        for event in events:
            await Recorder().record(tx, event)
        if any(event.subject == str(self.bad) for event in events):
            raise ValueError("bad")

    @property
    def table(self) -> Mapping[str, tuple[Subscription, ...]]:
        return {QUEUE: (subscribe_several(ACCOUNT_CHANGED, self.record),)}


async def test_a_handler_of_several_is_given_a_batch_at_once_in_the_order_of_subject_and_version(
    identity: Replica, replicas: Replicas
) -> None:
    several = Several()
    merge = await replicas.of("merge", several.table)
    every = await bodies(identity, 5, 3)
    Random(7).shuffle(every)

    await publish(identity, *every)
    await merge.intake.drain()

    assert several.runs == [15]
    assert await merge.fetch("SELECT DISTINCT version FROM newest") == [(3,)]
    rows = await merge.fetch("SELECT subject, version FROM effects ORDER BY ctid")
    assert rows == sorted(rows)


async def test_of_several_at_once_the_one_that_fails_is_rolled_back_alone(
    identity: Replica, replicas: Replicas
) -> None:
    several = Several()
    merge = await replicas.of("merge", several.table)

    await merge.hear(identity, uuid4(), several.bad, uuid4(), uuid4())

    assert several.runs == [4, 1, 1, 1, 1]
    assert str(several.bad) not in [subject for subject, _ in await merge.effects()]
    assert len(await merge.effects()) == 3
    assert await merge.fetch(RETRIES) == [(1,)]


async def test_a_failing_message_is_rolled_back_alone_and_works_when_its_time_has_come(
    identity: Replica, replicas: Replicas
) -> None:
    recorder = fail_for(subject := uuid4(), RuntimeError("not yet"))
    merge = await replicas.of("merge", recorder)

    await merge.hear(identity, uuid4(), subject, uuid4())
    assert len(await merge.effects()) == 2
    assert await merge.fetch(RETRIES) == [(1,)]
    assert await merge.retry() == 0

    recorder.fail = lambda event: None
    replicas.clock.advance(seconds=1)
    assert await merge.retry() == 1
    assert len(await merge.effects()) == 3
    assert await merge.fetch(RETRIES) == []


async def test_a_backlog_of_failing_messages_of_one_queue_holds_back_no_other_queue(
    identity: Replica, replicas: Replicas
) -> None:
    async def fail(tx: Connection, event: Received[AccountChanged]) -> None:
        raise RuntimeError("the broadcast")

    tables = {"merge.keys": (subscribe(ACCOUNT_CHANGED, fail),), **Recorder().table}
    merge = await replicas.of("merge", tables)
    broadcast = await bodies(identity, 200, 1)
    await file_due(merge, "merge.keys", broadcast, replicas.clock.now() - timedelta(hours=1))
    await file_due(merge, QUEUE, await bodies(identity, 1, 1), replicas.clock.now())

    loops = [loop for loop in merge.messaging.loops if loop.name.startswith("retries ")]
    await asyncio.gather(*(loop.once() for loop in loops))

    assert len(await merge.effects()) == 1
    assert set(await merge.fetch("SELECT consumer FROM inbox_retry")) == {("merge.keys",)}


async def file_due(replica: Replica, queue: str, bodies: list[bytes], due_at: datetime) -> None:
    """Write retries that wait for their next try."""
    async with replica.database.connection() as connection:
        await connection.executemany(
            KEEP,
            [
                (queue, "identity.events", "identity", body, 1, due_at, "", due_at)
                for body in bodies
            ],
        )


async def test_a_message_that_fails_every_try_is_a_dead_letter_with_its_reason(
    identity: Replica, replicas: Replicas
) -> None:
    recorder = fail_for(subject := uuid4(), RuntimeError("never"))
    merge = await replicas.of("merge", recorder, policy=RetryPolicy(attempts=3))
    await merge.hear(identity, subject)

    for _ in range(2):
        replicas.clock.advance(seconds=600)
        await merge.retry()

    [letter] = await list_dead(merge.database, consumer=QUEUE)
    assert (letter.reason, letter.detail) == ("exhausted", "RuntimeError")
    assert letter.attempts == 3
    assert await merge.effects() == []


UNIQUE = "INSERT INTO strict VALUES ('ada@mail.example', 1), ('ada@mail.example', 1)"


@pytest.mark.parametrize(
    ("failing", "detail", "dead"),
    [
        (Undeliverable("no such"), "Undeliverable: no such", True),
        (
            "INSERT INTO strict VALUES ('ada@mail.example', 0)",
            "CheckViolationError 23514 strict_n_check",
            True,
        ),
        ("INSERT INTO strict VALUES (NULL, 1)", "NotNullViolationError 23502", True),
        ("SELECT 'ada@mail.example'::int", "InvalidTextRepresentationError 22P02", True),
        ("SELECT 1e9::int * 9", "NumericValueOutOfRangeError 22003", True),
        ("SELECT convert_from('\\x00', 'UTF8')", "CharacterNotInRepertoireError 22021", True),
        (UNIQUE, "UniqueViolationError 23505 strict_name_key", False),
    ],
)
async def test_what_no_retry_can_mend_is_dead_at_once_and_no_value_is_repeated(
    identity: Replica, replicas: Replicas, failing: Exception | str, detail: str, dead: bool
) -> None:
    async def fail(tx: Connection, event: Received[AccountChanged]) -> None:
        if isinstance(failing, Exception):
            raise failing
        await tx.execute(failing)

    merge = await replicas.of("merge", {QUEUE: (subscribe(ACCOUNT_CHANGED, fail),)})

    await merge.hear(identity, uuid4())

    assert await merge.dead() == ([("undeliverable", detail)] if dead else [])
    waiting = await merge.fetch("SELECT error FROM inbox_retry")
    assert waiting == ([] if dead else [(detail,)])


async def test_a_dead_letter_that_is_replayed_takes_effect_once(
    identity: Replica, replicas: Replicas
) -> None:
    recorder = fail_for(subject := uuid4(), Undeliverable("no such"))
    merge = await replicas.of("merge", recorder)
    await merge.hear(identity, subject)

    recorder.fail = lambda event: None
    now = replicas.clock.now()
    async with merge.database.connection() as tx:
        assert await replay(tx, ids=None, now=now) == 1
    async with merge.database.connection() as tx:
        assert await replay(tx, ids=None, now=now) == 0
    await merge.retry()

    assert len(await merge.effects()) == 1
    assert await merge.dead() == []


async def test_a_dead_letter_whose_event_took_effect_another_way_is_not_applied_again(
    identity: Replica, merge: Replica, replicas: Replicas
) -> None:
    [body] = await bodies(identity, 1, 1)
    await merge.drainer.settle([delivered(body)])
    await publish(identity, body)
    await merge.intake.drain()

    async with merge.database.connection() as connection:
        await connection.execute("UPDATE dead_letters SET consumer = $1", QUEUE)
    async with merge.database.connection() as tx:
        await replay(tx, ids=None, now=replicas.clock.now())
    assert await merge.retry() == 1

    assert len(await merge.effects()) == 1


async def test_only_the_named_dead_letters_are_discarded(identity: Replica, merge: Replica) -> None:
    await publish(identity, b"{", b"[")
    await merge.intake.drain()
    first, _ = await list_dead(merge.database)

    async with merge.database.connection() as tx:
        assert await discard(tx, ids=[first.id]) == 1

    [left] = await list_dead(merge.database)
    assert left.id != first.id


async def test_a_database_that_is_away_stops_the_consumer_and_nothing_is_lost_or_dead(
    identity: Replica, replicas: Replicas
) -> None:
    async with proxied(replicas.databases.url("merge")) as proxy:
        cut_off = await replicas.of(
            "merge", Recorder(), database_url=proxy.url(replicas.databases.url("merge"))
        )
        merge = await replicas.of("merge")
        proxy.cut()
        async with running(cut_off.intake):
            await publish(identity, *await bodies(identity, 150, 1))
            await eventually(lambda: stopped(cut_off))
            proxy.restore()
            await eventually(lambda: settled(merge, 150), within=10)

    assert await replicas.waiting("merge.dead") == 0


async def stopped(replica: Replica) -> None:
    assert replica.intake._failures > 0


async def test_connections_closed_by_an_operator_lose_no_message_and_repeat_no_effect(
    identity: Replica, merge: Replica, replicas: Replicas
) -> None:
    every = await bodies(identity, 500, 1)

    async with running(merge.intake):
        await eventually(lambda: registered(merge))
        connections = await eventually(lambda: replicas.connections("merge"), within=10)
        await publish(identity, *every)
        await replicas.close(connections)
        await eventually(lambda: settled(merge, 500), within=15)

    assert len(set(await merge.effects())) == 500


async def registered(replica: Replica) -> None:
    assert replica.bus.feeds.connected_since(QUEUE) is not None


async def test_a_consumer_says_since_when_it_is_registered_and_that_it_no_longer_is(
    merge: Replica, replicas: Replicas
) -> None:
    async with running(merge.intake):
        await eventually(lambda: registered(merge))
        assert merge.bus.feeds.connected_since(QUEUE) == replicas.clock.now()

    assert merge.bus.feeds.connected_since(QUEUE) is None
