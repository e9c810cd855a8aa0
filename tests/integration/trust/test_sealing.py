"""Seals: only notify opens one, and only for the event, purpose, recipient and moment it names."""

import asyncio
from collections.abc import AsyncIterator
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
from tests.support.database import Database, Template
from tests.support.trust import Trust, trusting

EVENT = EventId(Randomness().uuid())


@pytest_asyncio.fixture(scope="module")
async def database(template: Template) -> AsyncIterator[Database]:
    """One for the module: what these tests write does not meet."""
    async with template.copy() as copy:
        yield copy


@pytest.fixture(scope="module")
def clock() -> FakeClock:
    """One for the module, like the database; it only goes on."""
    return FakeClock()


@pytest_asyncio.fixture(scope="module")
async def notify(database: Database, clock: FakeClock) -> AsyncIterator[Trust]:
    async with trusting(database, "notify", clock, purpose=KeyPurpose.SEALING) as made:
        await made.own_keys.ensure()
        yield made


@pytest_asyncio.fixture(scope="module")
async def recovery(database: Database, clock: FakeClock, notify: Trust) -> AsyncIterator[Trust]:
    async with trusting(database, "recovery", clock) as made:
        await made.learn_from(notify)
        yield made


async def sealed(by: Trust, to: Trust, clock: FakeClock) -> Sealed:
    sealer = Sealer(public_keys=by.public_keys, clock=clock, issuer=to.issuer)
    async with by.database.transaction() as tx:
        return await sealer.seal(
            tx,
            "the link's token",
            event_id=EVENT,
            purpose="reset-link",
            recipient="ann@example.org",
            expires_at=clock.now() + timedelta(hours=1),
        )


async def opened(by: Trust, seal: Sealed, event_id: EventId = EVENT) -> str:
    return await Opener(own_keys=by.own_keys).open(seal, event_id=event_id)


async def test_what_is_sealed_is_opened_by_notify(
    recovery: Trust, notify: Trust, clock: FakeClock
) -> None:
    seal = await sealed(recovery, notify, clock)

    assert b"token" not in seal.ciphertext
    assert await opened(notify, seal) == "the link's token"
    travelled = msgspec.json.decode(msgspec.json.encode(seal), type=Sealed)
    assert await opened(notify, travelled) == "the link's token"


async def test_two_seals_of_one_secret_differ(
    recovery: Trust, notify: Trust, clock: FakeClock
) -> None:
    one, two = [await sealed(recovery, notify, clock) for _ in range(2)]

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
async def test_any_changed_binding_breaks_the_seal(
    recovery: Trust, notify: Trust, clock: FakeClock, changed: dict[str, Any]
) -> None:
    seal = msgspec.structs.replace(await sealed(recovery, notify, clock), **changed)

    with pytest.raises(SealBroken):
        await opened(notify, seal)


async def test_another_event_or_expiry_breaks_the_seal(
    recovery: Trust, notify: Trust, clock: FakeClock
) -> None:
    seal = await sealed(recovery, notify, clock)
    later = msgspec.structs.replace(seal, expires_at=seal.expires_at + timedelta(microseconds=1))

    with pytest.raises(SealBroken):
        await opened(notify, later)
    with pytest.raises(SealBroken):
        await opened(notify, seal, event_id=EventId(Randomness().uuid()))


async def test_the_same_moment_in_another_zone_is_the_same_binding(
    recovery: Trust, notify: Trust, clock: FakeClock
) -> None:
    seal = await sealed(recovery, notify, clock)
    zone = timezone(timedelta(hours=-5))
    elsewhere = msgspec.structs.replace(seal, expires_at=seal.expires_at.astimezone(zone))

    assert await opened(notify, elsewhere) == "the link's token"


def test_no_two_bindings_are_written_alike(clock: FakeClock) -> None:
    def of(purpose: str, recipient: str) -> bytes:
        return binding(event_id=EVENT, purpose=purpose, recipient=recipient, expires_at=clock.now())

    assert of('a","b', "c") != of("a", 'b","c')
    assert of("a", "bc") != of("ab", "c")


async def test_nothing_is_sealed_before_a_key_of_notify_has_arrived_nor_waited_for_with_locks_held(
    database: Database, clock: FakeClock, notify: Trust, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(public_keys, "WAIT", 3600.0)  # who waits for it runs out of the test's time

    async with trusting(database, "identity", clock) as unaware:
        with pytest.raises(CatchingUp):
            await sealed(unaware, notify, clock)


async def test_before_its_transaction_a_sealer_waits_a_second_for_a_key_of_notify(
    template: Template, clock: FakeClock, notify: Trust
) -> None:
    async with template.copy() as fresh, trusting(fresh, "identity", clock) as unaware:
        sealer = Sealer(public_keys=unaware.public_keys, clock=clock, issuer=notify.issuer)
        with pytest.raises(CatchingUp):
            await sealer.ready()
        waiting = asyncio.create_task(sealer.ready())

        await unaware.learn_from(notify)

        await waiting
        assert await opened(notify, await sealed(unaware, notify, clock))


async def test_a_seal_to_a_key_that_notify_does_not_have_can_never_be_opened(
    recovery: Trust, notify: Trust, clock: FakeClock
) -> None:
    seal = msgspec.structs.replace(await sealed(recovery, notify, clock), kid="k9")

    with pytest.raises(SealKeyUnknown):
        await opened(notify, seal)


async def test_after_a_revocation_nothing_is_sealed_to_that_key_and_nothing_of_it_opens(
    template: Template, clock: FakeClock
) -> None:
    async with (
        template.copy() as own,
        trusting(own, "notify", clock, purpose=KeyPurpose.SEALING) as notify,
        trusting(own, "recovery", clock) as recovery,
    ):
        await notify.own_keys.ensure()
        await recovery.learn_from(notify)
        before = await sealed(recovery, notify, clock)

        revoked = await notify.own_keys.revoke(before.kid)
        await recovery.learn_from(notify)
        after = await sealed(recovery, notify, clock)

        assert after.kid == revoked.fresh
        assert await opened(notify, after) == "the link's token"
        with pytest.raises(SealKeyUnknown):
            await opened(notify, before)


async def test_a_following_key_is_sealed_to_when_its_time_comes_and_both_open(
    recovery: Trust, notify: Trust, clock: FakeClock
) -> None:
    before = await sealed(recovery, notify, clock)
    following = await notify.own_keys.rotate()
    await recovery.learn_from(notify)
    assert (await sealed(recovery, notify, clock)).kid == before.kid

    clock.advance(minutes=10)
    after = await sealed(recovery, notify, clock)

    assert after.kid == following
    assert {await opened(notify, seal) for seal in (before, after)} == {"the link's token"}


async def test_a_seal_of_long_ago_still_opens(
    recovery: Trust, notify: Trust, clock: FakeClock
) -> None:
    seal = await sealed(recovery, notify, clock)
    await notify.own_keys.rotate()

    clock.advance(days=100)

    assert await opened(notify, seal) == "the link's token"
