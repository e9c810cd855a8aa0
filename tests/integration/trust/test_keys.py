"""Keys: made once by whoever is first, published before use, applied by version, never readable."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import timedelta

import msgspec
import pytest
import pytest_asyncio

from shared.ciphers import CipherBroken
from shared.contracts.envelope import Envelope
from shared.contracts.keys import KeyPurpose, KeysChanged
from shared.db import Database as Pool
from shared.errors import CatchingUp
from shared.keys import FRESH
from shared.messaging.subscriptions import Undeliverable
from shared.public_keys import PublicKeys
from tests.support.clock import FakeClock
from tests.support.database import Database
from tests.support.eventually import eventually
from tests.support.proxy import proxied
from tests.support.trust import ISSUER, Trust, trusting

SIGNING = KeyPurpose.SIGNING


@pytest_asyncio.fixture
async def recovery(database: Database, clock: FakeClock) -> AsyncIterator[Trust]:
    async with trusting(database, "recovery", clock) as made:
        yield made


@pytest_asyncio.fixture
async def identity(database: Database, clock: FakeClock) -> AsyncIterator[Trust]:
    async with trusting(database, "identity", clock) as made:
        yield made


def snapshot(body: bytes) -> tuple[int | None, KeysChanged]:
    envelope = msgspec.json.decode(body, type=Envelope)
    return envelope.aggregateversion, msgspec.json.decode(envelope.data, type=KeysChanged)


async def test_of_eight_replicas_one_makes_the_first_key(
    database: Database, clock: FakeClock, recovery: Trust
) -> None:
    async def replica() -> str:
        async with trusting(database, "recovery", clock) as made:
            await made.own_keys.ensure()
            return (await made.own_keys.current(SIGNING, clock.now())).public.kid

    kids = await asyncio.gather(*(replica() for _ in range(8)))

    assert len(set(kids)) == 1
    assert len(await recovery.published()) == 1


async def test_the_first_key_is_usable_at_once_and_published(
    recovery: Trust, clock: FakeClock
) -> None:
    await recovery.own_keys.ensure()

    current = await recovery.own_keys.current(SIGNING, clock.now())
    [body] = await recovery.published()
    version, keys = snapshot(body)
    assert (version, keys.issuer) == (1, f"{ISSUER}/recovery")
    assert keys.keys == (current.public,)
    assert keys.keys[0].usable_from == clock.now()


async def test_making_sure_again_changes_and_publishes_nothing(recovery: Trust) -> None:
    for _ in range(3):
        await recovery.own_keys.ensure()

    assert len(await recovery.published()) == 1


async def test_a_following_key_is_published_ten_minutes_before_its_first_use(
    recovery: Trust, clock: FakeClock
) -> None:
    await recovery.own_keys.ensure()
    first = (await recovery.own_keys.current(SIGNING, clock.now())).public.kid
    following = await recovery.own_keys.rotate()

    version, keys = snapshot((await recovery.published())[-1])
    assert version == 2
    assert [key.kid for key in keys.keys] == [first, following]
    just_before = clock.now() + timedelta(minutes=9, seconds=59)
    assert (await recovery.own_keys.current(SIGNING, just_before)).public.kid == first
    at_last = clock.now() + timedelta(minutes=10)
    assert (await recovery.own_keys.current(SIGNING, at_last)).public.kid == following


async def test_the_key_before_stays_good_for_an_overlap_and_then_leaves_the_published_set(
    recovery: Trust, clock: FakeClock
) -> None:
    await recovery.own_keys.ensure()
    following = await recovery.own_keys.rotate()

    clock.advance(minutes=69, seconds=59)
    assert len(await recovery.own_keys.public()) == 2
    clock.advance(seconds=1)
    assert [key.kid for key in await recovery.own_keys.public()] == [following]


async def test_replicas_that_rotate_at_once_publish_every_key_in_the_last_version(
    database: Database, clock: FakeClock, recovery: Trust
) -> None:
    await recovery.own_keys.ensure()
    kids = await asyncio.gather(*(recovery.own_keys.rotate() for _ in range(6)))

    snapshots = [snapshot(body) for body in await recovery.published()]
    version, keys = max(snapshots, key=lambda found: found[0] or 0)
    assert sorted(found for found, _ in snapshots if found) == list(range(1, 8))
    assert version == 7
    assert {key.kid for key in keys.keys} >= set(kids)


@pytest.mark.proves("V13.3.1", part="the key-encryption key itself is a setting, not a vault's")
async def test_a_private_key_at_rest_is_unreadable_with_another_key_encryption_key(
    database: Database, recovery: Trust, clock: FakeClock
) -> None:
    await recovery.own_keys.ensure()
    private = (await recovery.own_keys.current(SIGNING, clock.now())).private

    async with recovery.database.connection() as connection:
        [row] = await connection.fetch("SELECT * FROM own_keys")
    assert all(private not in value for value in row.values() if isinstance(value, bytes))
    async with trusting(database, "recovery", clock, kek=b"another key") as stranger:
        with pytest.raises(CipherBroken):
            await stranger.own_keys.current(SIGNING, clock.now())


async def test_a_private_key_moved_to_another_row_does_not_open(
    database: Database, recovery: Trust, clock: FakeClock
) -> None:
    await recovery.own_keys.ensure()
    following = await recovery.own_keys.rotate()
    async with recovery.database.connection() as connection:
        await connection.execute(
            "UPDATE own_keys SET private_sealed = (SELECT private_sealed FROM own_keys"
            " WHERE kid <> $1) WHERE kid = $1",
            following,
        )

    async with trusting(database, "recovery", clock) as restarted:
        with pytest.raises(CipherBroken):
            await restarted.own_keys.find(following)


async def test_another_service_s_key_is_found_after_its_event(
    recovery: Trust, identity: Trust, clock: FakeClock
) -> None:
    await recovery.own_keys.ensure()
    current = await recovery.own_keys.current(SIGNING, clock.now())

    await identity.learn_from(recovery)

    assert await identity.public_keys.find(recovery.issuer, current.public.kid) == current.public


async def test_a_service_finds_its_own_keys(identity: Trust, clock: FakeClock) -> None:
    await identity.own_keys.ensure()
    current = await identity.own_keys.current(SIGNING, clock.now())

    assert await identity.public_keys.find(identity.issuer, current.public.kid) == current.public


async def test_an_unknown_key_is_waited_for_and_found_when_it_arrives(
    recovery: Trust, identity: Trust, clock: FakeClock
) -> None:
    await recovery.own_keys.ensure()
    kid = (await recovery.own_keys.current(SIGNING, clock.now())).public.kid
    waiting = asyncio.create_task(identity.public_keys.find(recovery.issuer, kid))
    await asyncio.wait({waiting}, timeout=0.2)
    assert not waiting.done()

    await identity.learn_from(recovery)

    assert (await waiting).kid == kid


async def test_an_unknown_key_is_given_up_after_a_second(identity: Trust) -> None:
    begun = time.monotonic()

    outcomes = await asyncio.gather(
        *(identity.public_keys.find(f"{ISSUER}/recovery", f"k{number}") for number in range(50)),
        return_exceptions=True,
    )

    assert {type(outcome) for outcome in outcomes} == {CatchingUp}
    assert time.monotonic() - begun > 0.9


async def test_waiters_share_their_looks_at_the_table(database: Database, clock: FakeClock) -> None:
    class Counting(Pool):
        looks = 0

        def connection(self):  # type: ignore[no-untyped-def]
            Counting.looks += 1
            return super().connection()

    pool = Counting(database.url("identity"), application="test")
    public_keys = PublicKeys(database=pool, clock=clock, own_issuer=f"{ISSUER}/identity")
    await asyncio.gather(
        *(public_keys.find(f"{ISSUER}/recovery", f"k{number}") for number in range(100)),
        return_exceptions=True,
    )
    await pool.close()

    assert Counting.looks < 30


async def test_an_older_snapshot_changes_nothing(recovery: Trust, identity: Trust) -> None:
    await recovery.own_keys.ensure()
    following = await recovery.own_keys.rotate()
    older, newer = await recovery.published()

    for body in (newer, older):
        await identity.hear("recovery", body)

    assert (await identity.public_keys.find(recovery.issuer, following)).kid == following


async def test_a_service_cannot_publish_another_s_keys(
    database: Database, clock: FakeClock, identity: Trust
) -> None:
    async with trusting(database, "recovery", clock) as recovery:
        await recovery.own_keys.ensure()
        [body] = await recovery.published()
        forged = body.replace(b"portico.example/recovery", b"portico.example/identity")

        with pytest.raises(Undeliverable):
            await identity.hear("recovery", forged)


async def test_known_keys_are_found_while_the_database_is_away(
    database: Database, clock: FakeClock, identity: Trust
) -> None:
    await identity.own_keys.ensure()
    kid = (await identity.own_keys.current(SIGNING, clock.now())).public.kid
    async with proxied(database.url("identity")) as proxy:
        pool = Pool(proxy.url(database.url("identity")), application="test")
        public_keys = PublicKeys(database=pool, clock=clock, own_issuer=identity.issuer)
        await public_keys.find(identity.issuer, kid)

        proxy.cut()
        public_keys._read_at -= FRESH + 1  # as if that time had passed
        assert (await public_keys.find(identity.issuer, kid)).kid == kid
        await pool.close()


async def test_before_its_first_key_a_service_catches_up(identity: Trust, clock: FakeClock) -> None:
    with pytest.raises(CatchingUp):
        await identity.own_keys.current(SIGNING, clock.now())
    with pytest.raises(CatchingUp):
        await identity.own_keys.find("k1")


async def test_a_replica_uses_a_key_that_another_has_made(
    database: Database, clock: FakeClock, identity: Trust
) -> None:
    async with trusting(database, "identity", clock) as other:
        with pytest.raises(CatchingUp):
            await other.own_keys.current(SIGNING, clock.now())
        await identity.own_keys.ensure()

        async def found() -> str:
            return (await other.own_keys.current(SIGNING, clock.now())).public.kid

        assert await eventually(found)
