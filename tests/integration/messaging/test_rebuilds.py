"""A rebuilt projection is one that heard everything, whatever came meanwhile (ST-3)."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from random import Random
from uuid import UUID

import pytest
import pytest_asyncio
from msgspec.structs import replace

from shared.contracts.envelope import Received
from shared.contracts.identity import PRACTICE_CHANGED
from shared.contracts.ids import EventId
from shared.contracts.listings import SnapshotsListed
from shared.db import Connection, Database
from shared.messaging import rebuilds
from shared.messaging.rebuilds import FIRST, LAST, Listings
from shared.messaging.snapshots import Projection
from shared.messaging.subscriptions import Undeliverable
from tests.support import database as databases
from tests.support.clock import START
from tests.support.database import PATIENCE

ST_3 = pytest.mark.proves("ST-3")
PRACTICES = Projection(name="practices", contract=PRACTICE_CHANGED, key="practice_id")
LISTINGS = Listings(service="merge", projections=[PRACTICES])


@dataclass(frozen=True, slots=True)
class Snapshot:
    subject: UUID
    version: int

    def row(self, name: str = "") -> dict[str, object]:
        return {
            "version": self.version,
            "practice_id": self.subject,
            "name": name or f"{self.subject.int:x} as {self.version}",
        }


Message = Snapshot | SnapshotsListed


@pytest_asyncio.fixture
async def pool(database: databases.Database) -> AsyncIterator[Database]:
    """The test's database as merge's own role."""
    opened = Database(database.url("merge"), application="merge", wait=PATIENCE)
    yield opened
    await opened.close()


def received(data: SnapshotsListed, publisher: str = "identity") -> Received[SnapshotsListed]:
    return Received(
        id=EventId(UUID(int=7)),
        subject="",
        time=START,
        version=0,
        correlation_id=UUID(int=8),
        traceparent=None,
        data=data,
        publisher=publisher,
    )


async def hear(tx: Connection, messages: Sequence[Message]) -> None:
    """One micro-batch: snapshots in their order, all at once, and then what is listed."""
    told = [one for one in messages if isinstance(one, Snapshot)]
    if told:
        told.sort(key=lambda one: (str(one.subject), one.version))
        await PRACTICES.keep(tx, [one.row() for one in told])
    for one in messages:
        if isinstance(one, SnapshotsListed):
            await LISTINGS.keep(tx, received(one))


async def kept(tx: Connection) -> dict[UUID, dict[str, object]]:
    rows = await tx.fetch("SELECT * FROM practices")
    columns = Snapshot(FIRST, 0).row()
    return {row["practice_id"]: {name: row[name] for name in columns} for row in rows}


@dataclass(slots=True)
class World:
    """An owner whose subjects change, messages on their way, and the projection behind them."""

    random: Random
    tx: Connection
    owned: dict[UUID, int] = field(default_factory=dict)
    on_the_way: list[Message] = field(default_factory=list)
    generation: int = 0
    published_to: UUID = FIRST
    phantoms: "count[int]" = field(default_factory=lambda: count(1))

    def change(self) -> None:
        """The owner makes a subject or changes one, and tells of it."""
        new = UUID(int=self.random.randrange(1, 2**128 - 1))
        subject = self.random.choice([new, *self.owned])
        self.owned[subject] = self.owned.get(subject, 0) + 1
        self.on_the_way.append(Snapshot(subject, self.owned[subject]))

    def publish(self) -> None:
        """The owner's verb publishes the next few as they stand, and lists them."""
        if self.random.random() < 0.1:  # killed, and called anew: from some way back
            self.published_to = self.random.choice([FIRST, self.published_to])
        limit = self.random.randrange(1, 6)
        after = self.published_to
        subjects = sorted(subject for subject in self.owned if subject > after)[:limit]
        upto = LAST if len(subjects) < limit else subjects[-1]
        self.published_to = upto
        self.on_the_way += [Snapshot(subject, self.owned[subject]) for subject in subjects]
        self.on_the_way.append(
            SnapshotsListed(
                snapshots="practices",
                service="merge",
                generation=self.generation,
                after=after,
                upto=upto,
                subjects=tuple(subjects),
            )
        )

    async def arrive(self, most: int = 4) -> None:
        """Some of what is on its way arrives, in any order; some of it comes once more."""
        self.random.shuffle(self.on_the_way)
        batch, self.on_the_way = self.on_the_way[:most], self.on_the_way[most:]
        self.on_the_way += [one for one in batch if self.random.random() < 0.2]
        await hear(self.tx, batch)

    async def damage(self) -> None:
        """What makes somebody rebuild: lost messages, lost and spoilt rows, rows of nobody."""
        self.on_the_way = [one for one in self.on_the_way if self.random.random() < 0.5]
        for subject in await kept(self.tx):
            match self.random.randrange(4):
                case 0:
                    await self.tx.execute("DELETE FROM practices WHERE practice_id = $1", subject)
                case 1:
                    spoil = "UPDATE practices SET name = 'spoilt' WHERE practice_id = $1"
                    await self.tx.execute(spoil, subject)
        for _ in range(self.random.randrange(4)):
            nobody = Snapshot(UUID(int=self.random.randrange(1, 2**128 - 1)), 9)
            await PRACTICES.keep(self.tx, [nobody.row("nobody")])

    async def settle(self) -> bool:
        piece = await rebuilds.settle(self.tx, PRACTICES, START)
        return piece is not None

    async def goes_on(self, steps: int) -> None:
        """Changes, arrivals and, once a rebuild is under way, publishing and settling, mixed."""
        here = set(await kept(self.tx)) & set(self.owned)
        for _ in range(steps):
            match self.random.randrange(5):
                case 0 | 1:
                    self.change()
                case 2 | 3:
                    await self.arrive()
                case _ if self.generation:
                    if self.published_to != LAST:
                        self.publish()
                    await self.settle()
            now = set(await kept(self.tx))
            assert here <= now, "a reader misses what was there"
            here = now & set(self.owned)

    def heard_everything(self) -> dict[UUID, dict[str, object]]:
        return {one: Snapshot(one, version).row() for one, version in self.owned.items()}


@ST_3
@pytest.mark.parametrize("seed", range(24))
async def test_after_a_rebuild_it_is_what_one_is_that_heard_everything(
    pool: Database, seed: int
) -> None:
    async with pool.transaction() as tx:
        world = World(Random(seed), tx)
        await world.goes_on(world.random.randrange(30))
        await world.damage()

        assert await rebuilds.begin(tx, PRACTICES, START)
        world.generation = 1
        await world.goes_on(world.random.randrange(60))
        while world.published_to != LAST or world.on_the_way:
            if world.published_to != LAST:
                world.publish()
            await world.arrive()
        while await world.settle():
            pass

        begun = await rebuilds.find(tx, "practices")
        assert begun is not None
        assert begun.ended_at == START
        assert await kept(tx) == world.heard_everything()
        assert await tx.fetch("SELECT FROM listings") == []


async def listed(tx: Connection, *subjects: Snapshot, generation: int = 1) -> SnapshotsListed:
    return SnapshotsListed(
        snapshots="practices",
        service="merge",
        generation=generation,
        after=FIRST,
        upto=LAST,
        subjects=tuple(one.subject for one in subjects),
    )


@ST_3
async def test_a_piece_waits_for_the_last_of_its_snapshots(pool: Database) -> None:
    one, other, nobody = (Snapshot(UUID(int=number), 1) for number in (1, 2, 3))
    async with pool.transaction() as tx:
        await hear(tx, [one, other, nobody])
        await rebuilds.begin(tx, PRACTICES, START)
        await hear(tx, [one, await listed(tx, one, other)])
        assert await rebuilds.settle(tx, PRACTICES, START) is None
        assert len(await kept(tx)) == 3

        await hear(tx, [other])

        settled = await rebuilds.settle(tx, PRACTICES, START)
        assert settled == rebuilds.Settled(subjects=2, gone=1, whole=True)
        assert set(await kept(tx)) == {one.subject, other.subject}


@ST_3
async def test_what_was_listed_for_a_rebuild_before_takes_nothing_away(pool: Database) -> None:
    """Between the two somebody may have come whom that list could not name."""
    one, later = Snapshot(UUID(int=1), 1), Snapshot(UUID(int=2), 1)
    async with pool.transaction() as tx:
        await rebuilds.begin(tx, PRACTICES, START)
        await hear(tx, [one, await listed(tx, one)])
        assert await rebuilds.settle(tx, PRACTICES, START) is not None
        await hear(tx, [later])
        await rebuilds.begin(tx, PRACTICES, START)

        await hear(tx, [await listed(tx, one)])

        assert await rebuilds.settle(tx, PRACTICES, START) is None
        assert set(await kept(tx)) == {one.subject, later.subject}


@ST_3
async def test_begun_twice_it_is_one_rebuild(pool: Database) -> None:
    async with pool.transaction() as tx:
        assert await rebuilds.begin(tx, PRACTICES, START)
        assert not await rebuilds.begin(tx, PRACTICES, START)

        begun = await rebuilds.find(tx, "practices")

    assert begun is not None
    assert begun.generation == 1


@ST_3
async def test_a_list_that_nobody_asked_for_is_refused_and_another_s_is_left(
    pool: Database,
) -> None:
    async with pool.transaction() as tx:
        asked = await listed(tx, generation=1)
        for wrong in (asked, replace(asked, snapshots="deliveries")):
            with pytest.raises(Undeliverable):
                await LISTINGS.keep(tx, received(wrong))
        await rebuilds.begin(tx, PRACTICES, START)
        with pytest.raises(Undeliverable):
            await LISTINGS.keep(tx, received(asked, publisher="notify"))

        await LISTINGS.keep(tx, received(replace(asked, service="notify")))

        assert await tx.fetch("SELECT FROM listings") == []
