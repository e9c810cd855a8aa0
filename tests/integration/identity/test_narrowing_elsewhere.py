"""SE-1: what identity narrows or ends, another service's replica refuses by the stream alone."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio

from deploy.client.eventually import eventually
from shared.messaging.broker import Broker
from shared.metrics import Metrics
from shared.randomness import Randomness
from shared.trust.access import AccessTokenInvalid, AccessTokens, StreamGuard
from shared.trust.ended_sessions import EndedSessions
from tests.builders.practices import PracticeDesk, add_practice, practice_desk
from tests.rigs.identity import Identity, identity_service
from tests.support.broker import Broker as Vhost
from tests.support.clock import FakeClock
from tests.support.database import Database
from tests.support.trust import ISSUER, trusting

pytestmark = pytest.mark.proves("UN-1", "SE-1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """A replica of notify: it has identity's public keys and the stream, and asks nobody."""

    tokens: AccessTokens
    clock: FakeClock

    async def takes(self, tokens: dict[str, Any]) -> bool:
        try:
            await self.tokens.check(tokens["access_token"], now=self.clock.now())
        except AccessTokenInvalid:
            return False
        return True

    async def refuses(self, tokens: dict[str, Any]) -> None:
        assert not await self.takes(tokens)


@pytest.fixture
def clock() -> FakeClock:
    """The real time, standing still: the broker is asked for entries since a time of its own."""
    return FakeClock(datetime.now(UTC))


@pytest_asyncio.fixture
async def identity(database: Database, broker: Vhost, clock: FakeClock) -> AsyncIterator[Identity]:
    """Identity with its own broker rights, and its relay in the test's hand."""
    async with identity_service(database, clock, broker_url=broker.url("identity")) as running:
        yield running


@pytest_asyncio.fixture
async def elsewhere(
    identity: Identity, database: Database, broker: Vhost, clock: FakeClock
) -> AsyncIterator[Elsewhere]:
    """A replica that has read the stream so far."""
    reader = Broker(broker.url("notify"), name="test notify")
    ended = EndedSessions(broker=reader, clock=clock, metrics=Metrics(), randomness=Randomness())
    task = asyncio.create_task(ended.run())
    async with trusting(database, "notify", clock) as notify:
        await notify.learn_from(identity.trust)
        await tell(identity)
        await eventually(lambda: is_fresh(ended))
        tokens = AccessTokens(
            issuer=ISSUER,
            service="notify",
            public_keys=notify.public_keys,
            sessions=StreamGuard(ended),
        )
        yield Elsewhere(tokens=tokens, clock=clock)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await reader.close()


async def tell(identity: Identity) -> None:
    """Publish what waits for the stream, and a beat."""
    messaging = identity.service.messaging
    await messaging.relays[1].once()
    await next(loop for loop in messaging.loops if loop.name == "beats").once()


def is_fresh(ended: EndedSessions) -> None:
    assert ended.fresh()


async def test_a_narrowed_session_is_refused_there_until_it_is_refreshed(
    identity: Identity, desk: PracticeDesk, elsewhere: Elsewhere
) -> None:
    patient_id, elm = await desk.enrolled(), await practice_desk(identity)
    await add_practice(identity, await elm.a_token())
    opened, stranger = await identity.logged_on("maria.garcia"), await identity.logged_on()
    assert await elsewhere.takes(opened)

    await desk.un_enrol(patient_id)
    await tell(identity)

    await eventually(lambda: elsewhere.refuses(opened))
    refreshed = (await identity.refresh(opened["refresh_token"])).body
    assert await elsewhere.takes(refreshed)
    assert await elsewhere.takes(stranger)


async def test_when_the_last_practice_goes_every_token_of_the_session_is_refused_there(
    identity: Identity, desk: PracticeDesk, elsewhere: Elsewhere
) -> None:
    patient_id = await desk.enrolled()
    opened = await identity.logged_on("maria.garcia")
    refreshed = (await identity.refresh(opened["refresh_token"])).body

    await desk.un_enrol(patient_id)
    await tell(identity)

    await eventually(lambda: elsewhere.refuses(opened))
    assert not await elsewhere.takes(refreshed)
