"""Keys: made once by whoever is first, published before use, applied by version, never readable."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
import pytest_asyncio

from deploy.client.eventually import eventually
from shared.contracts.envelope import Envelope
from shared.contracts.keys import KeyPurpose, KeysChanged
from shared.db import Database as Pool
from shared.errors import CatchingUp, DatabaseUnavailable, Unavailable
from shared.kept import FRESH
from shared.messaging.subscriptions import Undeliverable
from shared.trust import public_keys
from shared.trust.keyring import KeysUnreadable
from shared.trust.keys import KeyUnknown, good_for
from shared.trust.own_keys import OVERLAP, Revoked
from shared.trust.public_keys import MISSES, PublicKeys
from tests.support.clock import FakeClock
from tests.support.database import Database
from tests.support.proxy import proxied
from tests.support.trust import ISSUER, KEK, Trust, trusting

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
    assert keys.issuer == f"{ISSUER}/recovery"
    assert version == (clock.now() - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    assert keys.keys == (current.public,)
    assert keys.keys[0].usable_from == clock.now()


async def test_a_following_key_is_published_ten_minutes_before_its_first_use(
    recovery: Trust, clock: FakeClock
) -> None:
    await recovery.own_keys.ensure()
    first = (await recovery.own_keys.current(SIGNING, clock.now())).public.kid
    following = await recovery.own_keys.rotate()

    _, keys = snapshot((await recovery.published())[-1])
    assert [key.kid for key in keys.keys] == [first, following]
    await recovery.confirmed()
    await recovery.own_keys.ensure()
    just_before = clock.now() + timedelta(minutes=9, seconds=59)
    assert (await recovery.own_keys.current(SIGNING, just_before)).public.kid == first
    at_last = clock.now() + timedelta(minutes=10)
    assert (await recovery.own_keys.current(SIGNING, at_last)).public.kid == following


async def test_a_key_ends_an_overlap_after_its_follower_took_over_however_late_that_was(
    recovery: Trust, identity: Trust, clock: FakeClock
) -> None:
    await recovery.own_keys.ensure()
    first = (await recovery.own_keys.current(SIGNING, clock.now())).public.kid
    await recovery.own_keys.rotate()
    clock.advance(hours=7)
    await recovery.confirmed()

    for _ in range(3):
        await recovery.own_keys.ensure()

    [body] = await recovery.published()
    ends = {key.kid: key.usable_until for key in snapshot(body)[1].keys}
    assert ends.pop(first) == clock.now() + OVERLAP[SIGNING]
    assert set(ends.values()) == {None}


async def test_an_ended_key_signs_no_more_though_no_other_is_confirmed(
    recovery: Trust, clock: FakeClock
) -> None:
    await recovery.own_keys.ensure()
    following = await recovery.own_keys.rotate()
    clock.advance(minutes=10)
    await recovery.confirmed()
    await recovery.own_keys.ensure()

    revoked = await recovery.own_keys.revoke(following)

    used = (await recovery.own_keys.current(SIGNING, clock.now())).public.kid
    assert used == revoked.fresh


async def test_the_key_before_stays_good_for_an_overlap_and_then_leaves_the_published_set(
    recovery: Trust, clock: FakeClock
) -> None:
    await recovery.own_keys.ensure()
    following = await recovery.own_keys.rotate()
    await recovery.confirmed()
    clock.advance(minutes=10)
    await recovery.own_keys.ensure()

    clock.advance(minutes=59, seconds=59)
    assert len(await recovery.own_keys.public()) == 2
    clock.advance(seconds=1)
    assert [key.kid for key in await recovery.own_keys.public()] == [following]


async def test_replicas_that_rotate_at_once_publish_every_key_in_the_last_version(
    database: Database, clock: FakeClock, recovery: Trust
) -> None:
    await recovery.own_keys.ensure()
    kids = await asyncio.gather(*(recovery.own_keys.rotate() for _ in range(6)))

    snapshots = [snapshot(body) for body in await recovery.published()]
    _, keys = max(snapshots, key=lambda found: found[0] or 0)
    assert len({version for version, _ in snapshots}) == 7
    assert {key.kid for key in keys.keys} >= set(kids)


@pytest.mark.proves("V13.3.1")
async def test_a_private_key_at_rest_is_unreadable_with_another_key_encryption_key(
    database: Database, recovery: Trust, clock: FakeClock
) -> None:
    await recovery.own_keys.ensure()
    private = (await recovery.own_keys.current(SIGNING, clock.now())).private

    async with recovery.database.connection() as connection:
        [row] = await connection.fetch("SELECT * FROM own_keys")
    assert all(private not in value for value in row.values() if isinstance(value, bytes))
    async with trusting(database, "recovery", clock, kek=b"another key") as stranger:
        with pytest.raises(KeysUnreadable):
            await stranger.own_keys.current(SIGNING, clock.now())
        with pytest.raises(KeysUnreadable):
            await stranger.own_keys.rotate()
    assert len(await recovery.published()) == 1


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
        with pytest.raises(KeysUnreadable):
            await restarted.own_keys.find(following)


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


@pytest.mark.proves("SE-1")
async def test_an_unknown_key_asked_for_again_is_refused_and_taken_as_soon_as_it_is_there(
    recovery: Trust, identity: Trust, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await recovery.own_keys.ensure()
    kid = (await recovery.own_keys.current(SIGNING, clock.now())).public.kid
    with pytest.raises(CatchingUp):
        await identity.public_keys.find(recovery.issuer, kid)

    monkeypatch.setattr(public_keys, "REMEMBERED", 3600.0)
    with pytest.raises(KeyUnknown):
        await identity.public_keys.find(recovery.issuer, kid)
    await identity.learn_from(recovery)

    assert (await identity.public_keys.find(recovery.issuer, kid)).kid == kid


async def test_who_comes_again_when_told_to_is_waited_for_and_not_refused(
    identity: Trust, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = 0.0
    monkeypatch.setattr(public_keys, "elapsed", lambda: time.monotonic() + late)
    with pytest.raises(CatchingUp) as first:
        await identity.public_keys.find(f"{ISSUER}/recovery", "k1")

    late = first.value.retry_after  # which counts from the answer

    with pytest.raises(CatchingUp):
        await identity.public_keys.find(f"{ISSUER}/recovery", "k1")


async def test_the_memory_of_misses_is_bounded_and_past_it_nobody_waits(identity: Trust) -> None:
    outcomes = await asyncio.gather(
        *(identity.public_keys.find(f"{ISSUER}/recovery", f"k{n}") for n in range(MISSES + 20)),
        return_exceptions=True,
    )

    assert Counter(type(outcome) for outcome in outcomes) == {CatchingUp: MISSES, KeyUnknown: 20}
    assert len(identity.public_keys._misses) == MISSES


async def test_waiters_share_their_looks_at_the_table(database: Database, clock: FakeClock) -> None:
    class Counting(Pool):
        looks = 0

        def connection(self):  # type: ignore[no-untyped-def]
            Counting.looks += 1
            return super().connection()

    pool = Counting(database.url("identity"), application="test")
    known = PublicKeys(database=pool, clock=clock, own_issuer=f"{ISSUER}/identity")
    of_recovery, own = f"{ISSUER}/recovery", f"{ISSUER}/identity"
    await asyncio.gather(
        *(known.find(of_recovery, f"k{number}") for number in range(100)), return_exceptions=True
    )
    assert Counting.looks < 30
    before = Counting.looks
    await asyncio.gather(
        *(known.find(own, f"k{number}") for number in range(64)), return_exceptions=True
    )
    await pool.close()

    assert Counting.looks - before <= 2


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
        kept = PublicKeys(database=pool, clock=clock, own_issuer=identity.issuer)
        await kept.find(identity.issuer, kid)

        proxy.cut()
        kept._kept._read_at -= FRESH + 1  # as if that time had passed
        for _ in range(3):
            assert (await kept.find(identity.issuer, kid)).kid == kid
        with pytest.raises(DatabaseUnavailable):
            await kept.find(identity.issuer, "made-up")
        await pool.close()


async def test_before_its_first_key_a_service_catches_up(identity: Trust, clock: FakeClock) -> None:
    with pytest.raises(CatchingUp):
        await identity.own_keys.current(SIGNING, clock.now())
    with pytest.raises(KeyUnknown):
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


async def test_after_a_restored_backup_the_next_publication_is_newer_than_what_others_hold(
    recovery: Trust, identity: Trust, clock: FakeClock
) -> None:
    await recovery.own_keys.ensure()
    first = (await recovery.own_keys.current(SIGNING, clock.now())).public.kid
    await recovery.confirmed()
    async with recovery.database.connection() as connection:
        backup = await connection.fetchval("SELECT version FROM own_keys_version")
        for _ in range(3):
            lost = await recovery.own_keys.rotate()
            clock.advance(minutes=10)
            await identity.learn_from(recovery)
            await recovery.confirmed()
            await recovery.own_keys.ensure()
        await identity.learn_from(recovery)
        await recovery.confirmed()
        await connection.execute("UPDATE own_keys_version SET version = $1", backup)
        await connection.execute("DELETE FROM own_keys WHERE kid <> $1", first)
        await connection.execute("UPDATE own_keys SET usable_until = NULL")

    clock.advance(hours=2)
    following = await recovery.own_keys.rotate()
    await identity.learn_from(recovery)

    assert good_for(await identity.public_keys.find(recovery.issuer, first), SIGNING, clock.now())
    assert (await identity.public_keys.find(recovery.issuer, following)).kid == following
    with pytest.raises(CatchingUp):
        await identity.public_keys.find(recovery.issuer, lost)


@pytest.mark.parametrize("at", [timedelta(), timedelta(hours=-72), timedelta(days=300)])
async def test_a_revoked_key_is_good_at_no_time_and_another_takes_over_at_once(
    recovery: Trust, identity: Trust, clock: FakeClock, at: timedelta
) -> None:
    await recovery.own_keys.ensure()
    leaked = (await recovery.own_keys.current(SIGNING, clock.now())).public.kid
    await identity.learn_from(recovery)
    clock.advance(hours=1)

    revoked = await recovery.own_keys.revoke(leaked)

    assert revoked.fresh == (await recovery.own_keys.current(SIGNING, clock.now())).public.kid
    await identity.learn_from(recovery)
    there = await identity.public_keys.find(recovery.issuer, leaked)
    assert not good_for(there, SIGNING, clock.now() + at)
    assert [key.kid for key in await recovery.own_keys.public()] == [revoked.fresh]
    with pytest.raises(KeyUnknown):
        await recovery.own_keys.revoke(leaked)


async def test_revoking_a_key_that_is_not_in_use_makes_none(
    recovery: Trust, clock: FakeClock
) -> None:
    await recovery.own_keys.ensure()
    first = (await recovery.own_keys.current(SIGNING, clock.now())).public.kid
    following = await recovery.own_keys.rotate()

    assert (await recovery.own_keys.revoke(following)).fresh is None

    now = clock.advance(hours=1)
    await recovery.confirmed()
    assert (await recovery.own_keys.current(SIGNING, now)).public.kid == first


async def test_of_eight_revocations_of_one_key_one_makes_a_fresh_one(
    recovery: Trust, clock: FakeClock
) -> None:
    await recovery.own_keys.ensure()
    leaked = (await recovery.own_keys.current(SIGNING, clock.now())).public.kid

    outcomes = await asyncio.gather(
        *(recovery.own_keys.revoke(leaked) for _ in range(8)), return_exceptions=True
    )

    assert Counter(type(outcome) for outcome in outcomes) == {Revoked: 1, KeyUnknown: 7}
    assert len(await recovery.own_keys.held()) == 1


async def test_a_revoked_private_key_is_destroyed_and_what_was_done_is_audited(
    recovery: Trust, clock: FakeClock
) -> None:
    await recovery.own_keys.ensure()
    leaked = (await recovery.own_keys.current(SIGNING, clock.now())).public.kid

    await recovery.own_keys.revoke(leaked)

    async with recovery.database.connection() as connection:
        private = await connection.fetchval(
            "SELECT private_sealed FROM own_keys WHERE kid = $1", leaked
        )
        audited = await connection.fetch("SELECT action, subject, outcome FROM audit_entries")
    assert private is None
    assert [tuple(row) for row in audited] == [("keys.revoke", f"key:{leaked}", "done")]


async def test_a_replica_without_the_new_key_encryption_key_goes_on_with_what_it_can_read(
    database: Database, recovery: Trust, clock: FakeClock
) -> None:
    await recovery.own_keys.ensure()
    key = await recovery.own_keys.current(SIGNING, clock.now())
    new = b"another key-encryption key......"
    async with trusting(database, "recovery", clock, kek=new, retired=(KEK,)) as ahead:
        following = await ahead.own_keys.rotate()
        clock.advance(minutes=11)

    async with trusting(database, "recovery", clock) as behind:
        assert (await behind.own_keys.current(SIGNING, clock.now())).private == key.private
        assert (await behind.own_keys.find(key.public.kid)).private == key.private
        assert following in {one.kid for one in await behind.own_keys.public()}
        with pytest.raises(Unavailable):  # told as 503: another replica opens it
            await behind.own_keys.find(following)
        with pytest.raises(KeyUnknown):
            await behind.own_keys.find("made-up")
        with pytest.raises(KeysUnreadable):
            await behind.own_keys.ensure()
