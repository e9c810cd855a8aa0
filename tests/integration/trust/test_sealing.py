"""Seals: only notify opens one, and only for the event, purpose, recipient and moment it names."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta, timezone
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from shared.contracts.ids import EventId
from shared.contracts.keys import KeyPurpose
from shared.contracts.sealed import Sealed
from shared.errors import CatchingUp
from shared.randomness import Randomness
from shared.trust import public_keys
from shared.trust.sealing import Opener, SealBroken, Sealer, SealKeyUnknown, binding
from tests.support.clock import FakeClock
from tests.support.database import Database
from tests.support.trust import Trust, trusting

EVENT = EventId(Randomness().uuid())


TEXT = "the link's token"


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """Who seals, and notify, who opens."""

    recovery: Trust
    notify: Trust
    clock: FakeClock

    def sealer(self, by: Trust | None = None) -> Sealer:
        keys = (by or self.recovery).public_keys
        return Sealer(public_keys=keys, clock=self.clock, issuer=self.notify.issuer)

    async def sealed(self, by: Trust | None = None) -> Sealed:
        async with (by or self.recovery).database.transaction() as tx:
            return (await self.sealer(by).within(tx)).seal(
                TEXT,
                event_id=EVENT,
                purpose="reset-link",
                recipient="ann@example.org",
                expires_at=self.clock.now() + timedelta(hours=1),
            )

    async def opened(self, seal: Sealed, event_id: EventId = EVENT) -> str:
        return await Opener(own_keys=self.notify.own_keys).open(seal, event_id=event_id)


@asynccontextmanager
async def posting(database: Database, clock: FakeClock) -> AsyncIterator[Post]:
    """Hold both, once recovery has heard of notify's key."""
    async with (
        trusting(database, "notify", clock, purpose=KeyPurpose.SEALING) as notify,
        trusting(database, "recovery", clock) as recovery,
    ):
        await notify.own_keys.ensure()
        await recovery.learn_from(notify)
        yield Post(recovery=recovery, notify=notify, clock=clock)


@pytest_asyncio.fixture(scope="module")
async def post(one_database: Database, one_clock: FakeClock) -> AsyncIterator[Post]:
    async with posting(one_database, one_clock) as made:
        yield made


async def test_what_is_sealed_is_opened_by_notify(post: Post) -> None:
    seal = await post.sealed()

    assert b"token" not in seal.ciphertext
    assert await post.opened(seal) == TEXT
    assert await post.opened(msgspec.json.decode(msgspec.json.encode(seal), type=Sealed)) == TEXT


async def test_two_seals_of_one_secret_differ(post: Post) -> None:
    one, two = [await post.sealed() for _ in range(2)]

    assert one.ciphertext != two.ciphertext


@pytest.mark.parametrize(
    "changed",
    [
        {"purpose": "reset-links"},
        {"purpose": ""},
        {"recipient": "eve@example.org"},
        {"recipient": "Ann@example.org"},
        {"ciphertext": b""},
        {"ciphertext": bytes(64)},
    ],
)
async def test_any_changed_binding_breaks_the_seal(post: Post, changed: dict[str, Any]) -> None:
    seal = msgspec.structs.replace(await post.sealed(), **changed)

    with pytest.raises(SealBroken):
        await post.opened(seal)


async def test_another_event_or_expiry_breaks_the_seal(post: Post) -> None:
    seal = await post.sealed()
    later = msgspec.structs.replace(seal, expires_at=seal.expires_at + timedelta(microseconds=1))

    with pytest.raises(SealBroken):
        await post.opened(later)
    with pytest.raises(SealBroken):
        await post.opened(seal, event_id=EventId(Randomness().uuid()))


async def test_the_same_moment_in_another_zone_is_the_same_binding(post: Post) -> None:
    seal = await post.sealed()
    zone = timezone(timedelta(hours=-5))
    elsewhere = msgspec.structs.replace(seal, expires_at=seal.expires_at.astimezone(zone))

    assert await post.opened(elsewhere) == TEXT


def test_no_two_bindings_are_written_alike(clock: FakeClock) -> None:
    def of(purpose: str, recipient: str) -> bytes:
        return binding(event_id=EVENT, purpose=purpose, recipient=recipient, expires_at=clock.now())

    assert of('a","b', "c") != of("a", 'b","c')
    assert of("a", "bc") != of("ab", "c")


async def test_nothing_is_sealed_before_a_key_of_notify_has_arrived_nor_waited_for_with_locks_held(
    one_database: Database, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(public_keys, "WAIT", 3600.0)  # who waits for it runs out of the test's time

    async with trusting(one_database, "identity", post.clock) as unaware:
        with pytest.raises(CatchingUp):
            await post.sealed(unaware)


async def test_before_its_transaction_a_sealer_waits_a_second_for_a_key_of_notify(
    database: Database, post: Post
) -> None:
    async with trusting(database, "identity", post.clock) as unaware:
        sealer = post.sealer(unaware)
        with pytest.raises(CatchingUp):
            await sealer.ready()
        waiting = asyncio.create_task(sealer.ready())

        await unaware.learn_from(post.notify)

        await waiting
        assert await post.opened(await post.sealed(unaware))


async def test_a_seal_to_a_key_that_notify_does_not_have_can_never_be_opened(post: Post) -> None:
    seal = msgspec.structs.replace(await post.sealed(), kid="k9")

    with pytest.raises(SealKeyUnknown):
        await post.opened(seal)


async def test_after_a_revocation_nothing_is_sealed_to_that_key_and_nothing_of_it_opens(
    database: Database, clock: FakeClock
) -> None:
    async with posting(database, clock) as post:
        before = await post.sealed()

        revoked = await post.notify.own_keys.revoke(before.kid)
        await post.recovery.learn_from(post.notify)
        after = await post.sealed()

        assert after.kid == revoked.fresh
        assert await post.opened(after) == TEXT
        with pytest.raises(SealKeyUnknown):
            await post.opened(before)


async def test_a_following_key_is_sealed_to_when_its_time_comes_and_both_open(post: Post) -> None:
    before = await post.sealed()
    following = await post.notify.own_keys.rotate()
    await post.recovery.learn_from(post.notify)
    assert (await post.sealed()).kid == before.kid

    post.clock.advance(minutes=10)
    after = await post.sealed()

    assert after.kid == following
    assert {await post.opened(seal) for seal in (before, after)} == {TEXT}


async def test_a_seal_of_long_ago_still_opens(post: Post) -> None:
    seal = await post.sealed()
    await post.notify.own_keys.rotate()

    post.clock.advance(days=100)

    assert await post.opened(seal) == TEXT
