"""One person's story can be followed over the bus: her correlation id is on every line."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import pytest

from deploy.client.eventually import eventually
from shared import logs
from shared.audit.entries import Origin
from shared.contracts.envelope import Received
from shared.contracts.identity import ACCOUNT_CHANGED, AccountChanged
from shared.db import Connection, Database
from shared.loops import Loop
from shared.messaging import inbox
from shared.messaging.retries import RetryPolicy
from shared.messaging.subscriptions import Subscription, subscribe, subscribe_several
from tests.integration.messaging.conftest import QUEUE, Replica, Replicas, an_account, running
from tests.support.deliveries import delivered
from tests.support.lines import Lines, logged

ADA, BOB = UUID(int=0xADA), UUID(int=0xB0B)
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

log = logs.logger("test")


async def tell(identity: Replica, *stories: UUID) -> None:
    """One event of each story."""
    for story in stories:
        origin = Origin(actor="account", source="", correlation_id=story, traceparent=TRACE)
        await identity.tell(uuid4(), origin=origin)
    await identity.relay_all()


async def fail(tx: Connection, event: Received[AccountChanged]) -> None:
    log.info("handling")
    raise RuntimeError("not yet")


class NotCommitted(Exception):
    """The connection ended with the transaction."""


def never_committed(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every transaction fail at its end."""
    whole = database.transaction

    @asynccontextmanager
    async def broken() -> AsyncIterator[Connection]:
        async with whole() as tx:
            yield tx
            raise NotCommitted

    monkeypatch.setattr(database, "transaction", broken)


def table(*subscriptions: Subscription) -> Mapping[str, tuple[Subscription, ...]]:
    return {QUEUE: subscriptions}


def of(lines: Lines, story: UUID, event: str) -> Sequence[dict[str, Any]]:
    """The lines of one story, as a person would look for them."""
    return [line for line in lines.read_back(event) if str(story) in str(line["correlation_id"])]


async def test_from_its_first_try_to_its_dead_letter_every_line_names_the_story(
    identity: Replica, replicas: Replicas
) -> None:
    merge = await replicas.of(
        "merge", table(subscribe(ACCOUNT_CHANGED, fail)), policy=RetryPolicy(attempts=2)
    )
    await tell(identity, ADA, BOB)

    with logged("merge") as lines:
        await merge.intake.drain()
        replicas.clock.advance(seconds=2)
        await merge.retry()

    for story in (ADA, BOB):
        outcomes = [line["outcome"] for line in of(lines, story, "message_failed")]
        assert outcomes == ["failed", "exhausted"]
        alone = [line for line in of(lines, story, "handling")]
        assert {line["correlation_id"] for line in alone} == {str(story)}
        assert {line["traceparent"] for line in alone} == {TRACE}
        assert len(alone) >= 2  # the first of both was tried beside the other as well
        [settled] = of(lines, story, "events_settled")
        assert settled["correlation_id"] == [str(ADA), str(BOB)]


async def test_a_handler_of_several_logs_whose_stories_they_are(
    identity: Replica, replicas: Replicas
) -> None:
    async def handle(tx: Connection, *events: Received[AccountChanged]) -> None:
        log.info("handling", count=len(events))

    merge = await replicas.of("merge", table(subscribe_several(ACCOUNT_CHANGED, handle)))
    await tell(identity, ADA, BOB)

    with logged("merge") as lines:
        await merge.intake.drain()

    [line] = lines.read_back("handling")
    assert sorted(line["correlation_id"]) == sorted([str(ADA), str(BOB)])


async def test_a_batch_that_cannot_be_settled_names_all_its_stories(
    identity: Replica, replicas: Replicas, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise ValueError("not an absence")

    merge = await replicas.of("merge", table(subscribe(ACCOUNT_CHANGED, fail)))
    await tell(identity, ADA, BOB)
    monkeypatch.setattr(inbox, "take", broken)

    with logged("merge") as lines:
        async with running(merge.intake):
            await eventually(lambda: told(lines))

    line = lines.read_back("batch_failed")[0]
    named = line["correlation_id"]  # of one alone where only one has come
    stories = {named} if isinstance(named, str) else set(named)
    assert stories <= {str(ADA), str(BOB)}
    assert line["error"] == "ValueError"


def told(lines: Lines) -> None:
    assert lines.read_back("batch_failed")


async def test_a_round_of_retries_whose_commit_fails_names_all_its_stories(
    identity: Replica, replicas: Replicas, monkeypatch: pytest.MonkeyPatch
) -> None:
    merge = await replicas.of("merge", table(subscribe(ACCOUNT_CHANGED, fail)))
    await tell(identity, ADA, BOB)
    await merge.intake.drain()
    replicas.clock.advance(seconds=2)
    never_committed(merge.database, monkeypatch)

    with pytest.raises(NotCommitted) as raised:
        await merge.retry()

    assert sorted(logs.story_of(raised.value) or ()) == sorted([str(ADA), str(BOB)])


async def test_what_the_broker_gave_up_names_its_story_where_it_cannot_be_filed(
    identity: Replica, replicas: Replicas, monkeypatch: pytest.MonkeyPatch
) -> None:
    merge = await replicas.of("merge")
    subject = uuid4()
    origin = Origin(actor="account", source="", correlation_id=ADA)
    event = identity.bus.outbox.event(
        ACCOUNT_CHANGED, an_account(subject), subject=subject, origin=origin
    )
    never_committed(merge.database, monkeypatch)

    with pytest.raises(NotCommitted) as raised:
        await merge.drainer.settle([delivered(event.body)])

    assert logs.story_of(raised.value) == str(ADA)


async def test_what_is_of_no_use_names_the_story_that_its_envelope_tells(
    identity: Replica, replicas: Replicas
) -> None:
    merge = await replicas.of("merge", table())
    await tell(identity, ADA)

    with logged("merge") as lines:
        await merge.intake.drain()

    [line] = lines.read_back("message_unusable")
    assert (line["correlation_id"], line["outcome"]) == (str(ADA), "unknown_type")


async def test_a_loop_that_fails_names_the_story_it_was_working_on() -> None:
    async def once() -> int:
        with logs.correlated(ADA):
            try:
                raise KeyError("the driver's")
            except KeyError as cause:
                raise RuntimeError("ours") from cause

    loop = Loop(name="test", once=once, every=1.0)
    with logged() as lines:
        try:
            await once()
        except RuntimeError as error:
            loop._tell(error, failures=1)

    [line] = lines.read_back("loop_failed")
    assert line["correlation_id"] == str(ADA)
