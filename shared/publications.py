"""Snapshots published once more by their owner: all, or those told since a time (ST-3).

Straight to the broker, not by the outbox: a crowd of rows there would stand before what people do
meanwhile. They are read at one moment, a batch at a time, and go out under the version they have,
so whoever heard of a newer one keeps that. Where it stands is kept after each batch: the same verb
goes on there after whatever stopped it, and a batch that went out twice changes nothing.

However long ago that was: a large one may take hours, and stand over a weekend, so no age tells
whether its rest is meant or all of them. The verb says when it began and where it goes on, and who
means all of them as they are now says so (`anew`).
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from shared import publication_runs as runs
from shared.acts import Act, Acts, By
from shared.audit.entries import Action
from shared.contracts.contract import Contract
from shared.contracts.envelope import CONTENT_TYPE
from shared.contracts.listings import SnapshotsListed
from shared.db import Connection
from shared.errors import BrokerUnavailable
from shared.messaging.broker import Publisher
from shared.messaging.messages import Outcome, Outgoing
from shared.messaging.outbox import OutboxRow
from shared.messaging.rebuilds import FIRST, LAST
from shared.progress import Progress
from shared.publication_runs import Left

LARGEST = 100  # snapshots of one batch
A_SECOND = 10  # batches, at rates at which they are smaller
MARGIN = timedelta(minutes=1)  # between a snapshot's time and its commit

KNOWN_SINCE = "SELECT applied_at FROM schema_migrations WHERE folder = 'shared' AND number = 10"


class PublicationAction(Action):
    PUBLISH = "snapshots.publish"


class TakenOver(Exception):
    """Another call of the verb goes on with it; this one has stopped."""


class ForAnotherRebuild(Exception):
    """They are published for the rebuild of a service, which would wait for ever for the rest; the
    message says for which, and how to go on.
    """


class NotKnownSince(Exception):
    """When snapshots were told is known for less time than was asked for; the message says since
    when.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """Snapshots that a service owns. The names are its own constants, never input."""

    name: str
    contract: Contract[Any]
    announce: Callable[[Act, Sequence[UUID]], Awaitable[None]]
    """Tells those subjects' snapshots as they stand."""
    table: str | None = None
    """Whose ids are the subjects; None: there is one, the service itself."""
    listing: Contract[SnapshotsListed] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """Which of them, and for whose rebuild."""

    since: datetime | None = None
    rebuild: tuple[str, int] | None = None  # the service, and its generation

    @property
    def of_rebuild(self) -> str:
        return "" if self.rebuild is None else "{}:{}".format(*self.rebuild)


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """One kind of snapshots, published at most so many a second; `anew`: from the first on,
    whatever an earlier call has left.
    """

    acts: Acts
    publisher: Publisher
    published: Published
    which: Which
    rate: int
    run: UUID
    anew: bool = False

    async def left(self) -> Left | None:
        """What this would go on with; None where it begins at the first.

        Raises ForAnotherRebuild, as `publish` would.
        """
        async with self.acts.database.connection() as connection:
            row = await connection.fetchrow(
                runs.LEFT, self.published.name, self.which.since, self.which.of_rebuild
            )
        if row is None:
            return None
        if row["of_another"]:
            raise self._of_another(row["rebuild"])
        if self.anew or not (row["same"] and row["published"]):
            return None
        return Left(after=row["after"], published=row["published"], begun_at=row["begun_at"])

    def goes_on(self, left: Left) -> str:
        """Say so to whoever may mean all of them, as they are now."""
        began = "" if left.begun_at is None else f", in what began at {left.begun_at.isoformat()}"
        way = "" if self.which.rebuild else "; --anew begins at the first"
        return (
            f"goes on after {left.published} {self.published.name} that were published, the last of"
            f" them {left.after}{began}{way}"
        )

    async def count(self) -> int:
        """How many there are to be published. Raises NotKnownSince."""
        async with self.acts.database.connection() as connection:
            if self.published.table is None:
                return 1
            if self.which.since is None:
                count: int = await connection.fetchval(
                    f"SELECT count(*) FROM {self.published.table}"  # noqa: S608 - a name of ours
                )
                return count
            known_since: datetime = await connection.fetchval(KNOWN_SINCE)
            if self.which.since < known_since:
                raise NotKnownSince(
                    f"when a snapshot was told is known since {known_since.isoformat()} alone: "
                    "publish all"
                )
            told: int = await connection.fetchval(
                "SELECT count(*) FROM snapshots_told WHERE routing_key = $1 AND told_at >= $2",
                self.published.contract.routing_key,
                self.which.since - MARGIN,
            )
            return told

    async def publish(self, progress: Progress, *, by: By) -> int:
        """Publish from where the last call of the same verb stopped, and say so; return how many
        that were.

        Raises TakenOver, ForAnotherRebuild, and BrokerUnavailable where one is not confirmed.
        """
        loop = asyncio.get_running_loop()
        progress.begin(await self.count())
        left = await self._begin(by)
        after, before = left.after, left.published
        if before:
            progress.note(self.goes_on(left))
            progress.add(before)
        done, last = 0, False
        while not last:
            began = loop.time()
            subjects, rows, last = await self._look(after, by)
            await self._send(rows)
            after = subjects[-1] if subjects else after
            done += len(subjects)
            await self._advance(after, len(subjects))
            progress.add(len(subjects))
            if not last:
                await asyncio.sleep(max(0.0, len(subjects) / self.rate - loop.time() + began))
        await self._end(by, before + done)
        return done

    async def _begin(self, by: By) -> Left:
        name, which = self.published.name, self.which
        async with self.acts.open(by) as act:
            row = await act.tx.fetchrow(
                runs.BEGIN, name, which.since, which.of_rebuild, self.run, FIRST, by.now, self.anew
            )
            if row is None:
                raise self._of_another(await act.tx.fetchval(runs.REBUILT, name))
            act.record(PublicationAction.PUBLISH, detail=f"begun:{name}")
        return Left(**row)

    def _of_another(self, rebuild: str) -> ForAnotherRebuild:
        return ForAnotherRebuild(
            f"the {self.published.name} are being published for a rebuild, which this would leave"
            f" waiting: wait for its end, or go on with it by --rebuild {rebuild}"
        )

    async def _look(self, after: UUID, by: By) -> tuple[Sequence[UUID], Sequence[OutboxRow], bool]:
        """The next subjects, what is told of them, and whether they are the last."""
        limit = max(1, min(LARGEST, self.rate // A_SECOND))
        async with self.acts.looking(by) as act:
            subjects = await self._subjects(act.tx, after, limit)
            last = len(subjects) < limit
            await self.published.announce(act, subjects)
            if self.which.rebuild is not None and self.published.listing is not None:
                upto = LAST if last else subjects[-1]
                service, generation = self.which.rebuild
                act.publish(
                    self.published.listing,
                    SnapshotsListed(
                        snapshots=self.published.name,
                        service=service,
                        generation=generation,
                        after=after,
                        upto=upto,
                        subjects=tuple(subjects),
                    ),
                    subject=f"{self.published.name} up to {upto}",
                )
            return subjects, act.told, last

    async def _subjects(self, tx: Connection, after: UUID, limit: int) -> Sequence[UUID]:
        if self.published.table is None:
            return () if after == LAST else (LAST,)
        if self.which.since is None:
            rows = await tx.fetch(
                f"SELECT id FROM {self.published.table} WHERE id > $1 ORDER BY id LIMIT $2",  # noqa: S608 - a name of ours
                after,
                limit,
            )
        else:
            rows = await tx.fetch(
                "SELECT subject::uuid FROM snapshots_told"
                " WHERE routing_key = $1 AND told_at >= $2 AND subject > $3"
                " ORDER BY subject LIMIT $4",
                self.published.contract.routing_key,
                self.which.since - MARGIN,
                str(after),
                limit,
            )
        return [row[0] for row in rows]

    async def _send(self, rows: Sequence[OutboxRow]) -> None:
        """What is listed goes out last: it is of use once the snapshots are there."""
        if not rows:
            return
        outcomes = await self.publisher.publish(
            [
                Outgoing(
                    message_id=str(row.event_id),
                    exchange=row.exchange,
                    routing_key=row.routing_key,
                    body=row.body,
                    content_type=CONTENT_TYPE,
                )
                for row in rows
            ]
        )
        failed = [one for one in outcomes if one is not Outcome.CONFIRMED]
        if failed:
            raise BrokerUnavailable(
                f"{len(failed)} of {len(rows)} were not taken ({failed[0]}): the same verb goes on"
                " there"
            )

    async def _advance(self, after: UUID, count: int) -> None:
        async with self.acts.database.connection() as connection:
            kept = await connection.fetchval(
                runs.ADVANCE, self.published.name, self.run, after, count
            )
        if kept is None:
            raise TakenOver(f"another call goes on with the {self.published.name}")

    async def _end(self, by: By, count: int) -> None:
        name = self.published.name
        async with self.acts.open(by) as act:
            await act.tx.execute(runs.END, name, self.run)
            act.record(PublicationAction.PUBLISH, detail=f"ended:{name}:{count}")
