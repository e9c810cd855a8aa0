"""A signing key is rotated while the broker comes and goes: nobody is told anything but yes."""

import asyncio

import pytest

from deploy.client.eventually import eventually
from shared.errors import BrokerUnavailable, Unavailable
from shared.trust import signed
from shared.trust.access import TYPE, AccessTokens, SessionCaller
from tests.rigs.identity import Identity, identity_service
from tests.support import broker as brokers
from tests.support import database as databases
from tests.support.clock import FakeClock
from tests.support.proxy import proxied
from tests.support.trust import ISSUER, Trust, trusting

pytestmark = pytest.mark.proves("SE-1")


class NothingEnds:
    """The stream of ended sessions is no matter here."""

    async def check(self, caller: SessionCaller, *, now: object) -> None:
        """Pass."""


async def published(identity: Identity, other: Trust) -> None:
    """Relay what waits, through the broker; the other service hears of it. Raises Unavailable."""
    bodies = await identity.trust.published()
    async with asyncio.timeout(5):
        await identity.service.messaging.flush()
    for body in bodies:
        await other.hear("identity", body)
    await other.public_keys.once()


async def test_with_the_broker_away_at_a_rotation_tokens_stay_good_everywhere(
    database: databases.Database, broker: brokers.Broker, clock: FakeClock
) -> None:
    url = broker.url("identity")
    async with (
        proxied(url) as proxy,
        identity_service(database, clock, broker_url=proxy.url(url)) as identity,
        trusting(database, "recovery", clock) as recovery,
    ):
        checker = AccessTokens(
            issuer=ISSUER,
            service="recovery",
            public_keys=recovery.public_keys,
            sessions=NothingEnds(),
        )
        person = await identity.an_account()

        async def kid_taken_everywhere() -> str:
            await identity.loop("own-keys").once()
            token = (await identity.log_on(person.username)).body["access_token"]
            assert (await identity.call("GET", "/account", token=token)).status == 200
            await checker.check(token, now=clock.now())
            return signed.inspect(token, typ=TYPE).kid

        await published(identity, recovery)
        first = await kid_taken_everywhere()
        proxy.cut()
        following = await identity.own_keys.rotate()
        for _ in range(3):
            clock.advance(hours=5)
            with pytest.raises((Unavailable, TimeoutError)):
                await published(identity, recovery)
            assert await kid_taken_everywhere() == first

        proxy.restore()

        async def back() -> None:
            try:
                await published(identity, recovery)
            except (BrokerUnavailable, TimeoutError) as away:
                raise AssertionError from away

        await eventually(back)
        assert await kid_taken_everywhere() == following
        clock.advance(minutes=59)
        assert first in {key.kid for key in await identity.own_keys.public()}
        clock.advance(minutes=2)
        assert first not in {key.kid for key in await identity.own_keys.public()}
