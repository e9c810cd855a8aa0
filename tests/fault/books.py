"""What is: rows of all four services and the caught mails, read as nobody but an auditor may."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

from deploy.client.eventually import eventually
from deploy.client.mailbox import Mailbox
from deploy.local.caught import Mail
from deploy.local.provision import DatabaseAccess, connected
from shared.contracts.topology import QUEUES, SERVICES
from tests.fault.tap import Published, Tap

SETTLED_WITHIN = 40.0
BACKING_OFF = 1.0  # seconds; what is due sooner is only waiting for its turn
CONSUMERS = {
    contract.routing_key: tuple(queue for queue in QUEUES if contract in queue.contracts)
    for each in QUEUES
    for contract in each.contracts
}
"""Each event's queues, by its routing key."""

UNFINISHED = (
    "recovery.link_requests",
    "recovery.reminder_requests",
    "identity.lockouts WHERE notice_due OR disabled_due",
    "merge.merges WHERE ended_at IS NULL AND NOT under_review",
    "merge.busy_accounts",
    "notify.communications WHERE due_at IS NOT NULL",
)
"""What was accepted and is to be worked on, apart from events and mails."""

STAYING = {
    "recovery.persons": "patient_id, version, practice_id, account_id, last_name, birth_date",
}
"""What of a projection no sweep drops meanwhile."""


@dataclass(slots=True, kw_only=True)
class Books:
    """`mails` are kept here: a catcher that is killed forgets them."""

    database: DatabaseAccess
    tap: Tap
    mailbox: Mailbox
    clock_file: Path
    mails: dict[tuple[str, int], Mail] = field(default_factory=dict)  # by catcher and number
    catcher: str = "1"
    heard: set[UUID] = field(default_factory=set)  # events that all their consumers have taken

    async def rows(self, statement: str, *arguments: object) -> Sequence[Any]:
        """Ask the database. Raises AssertionError while it is away."""
        try:
            async with connected(self.database.administrator_url) as connection:
                return await connection.fetch(statement, *arguments)
        except (OSError, asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError) as away:
            raise AssertionError("the database is away") from away

    async def value(self, statement: str, *arguments: object) -> Any:
        """Return the one value of the one row."""
        [row] = await self.rows(statement, *arguments)
        return row[0]

    async def forget(self, event_ids: Sequence[UUID]) -> None:
        """Let every service forget that it has taken these: then its own keys stand alone."""
        for service in SERVICES:
            await self.rows(f"DELETE FROM {service}.inbox WHERE event_id = ANY ($1)", event_ids)  # noqa: S608

    async def have_taken(self, event_id: UUID, services: Iterable[str]) -> None:
        """Raise AssertionError until each of these has taken the event."""
        for service in services:
            taken = f"SELECT FROM {service}.inbox WHERE event_id = $1"
            assert await self.rows(taken, event_id), f"{service} has not taken {event_id}"

    async def collect(self) -> None:
        """Keep what the catcher has."""
        for mail in await self.mailbox.to():
            self.mails[self.catcher, mail.id] = mail

    async def copies(self) -> Counter[str]:
        """Count the mails by Message-ID."""
        await self.collect()
        return Counter(mail.message_id for mail in self.mails.values())

    async def settled(self) -> None:
        """Wait until nobody has anything left to do: no event, no retry, no request, no mail."""
        await eventually(self._settled, within=SETTLED_WITHIN, pause=0.1)

    async def _settled(self) -> None:
        """What consumers do is committed with their inbox rows; so they come before the rest."""
        await self._nothing_waits()
        await self.tap.drain()
        published = len(self.tap.events)
        await self._heard(list(self.tap.events.values()))
        await self._all_mailed()
        await self._nothing_waits()
        await self.tap.drain()
        assert len(self.tap.events) == published, "more was published meanwhile"

    async def _nothing_waits(self) -> None:
        """Every event is published, every retry made, every request worked on."""
        for service in SERVICES:
            for table in ("outbox", "inbox_retry"):
                rows = await self.rows(f"SELECT * FROM {service}.{table}")  # noqa: S608
                assert not rows, f"{service}.{table} holds {[dict(row) for row in rows]}"
        for left in UNFINISHED:
            assert not await self.rows(f"SELECT FROM {left}"), left

    async def _all_mailed(self) -> None:
        """No delivery is left. One that is backing off is not waited for: the clock is moved on."""
        rows = await self.rows(
            """
            SELECT template, state, phase, attempts, due_at - clock_timestamp() AS wait
            FROM notify.deliveries WHERE state IN ('queued', 'sending')
            """
        )
        moved = float(self.clock_file.read_text())
        waits = [row["wait"].total_seconds() - moved for row in rows if row["state"] == "queued"]
        if waits and min(waits) > BACKING_OFF:
            self.clock_file.write_text(str(moved + min(waits)))
        assert not rows, f"to be mailed: {[dict(row) for row in rows]}"

    async def _heard(self, events: Iterable[Published]) -> None:
        """Every consumer of every event has its inbox row."""
        waiting = [event for event in events if event.event_id not in self.heard]
        taken = set()
        for service in SERVICES:
            rows = await self.rows(
                f"SELECT consumer, event_id FROM {service}.inbox WHERE event_id = ANY ($1)",  # noqa: S608
                [event.event_id for event in waiting],
            )
            taken |= {(row["consumer"], row["event_id"]) for row in rows}
        for event in waiting:
            for queue in CONSUMERS.get(event.routing_key, ()):
                missing = (queue.name, event.event_id) not in taken
                assert not missing, f"{queue.name} has not taken {event.routing_key}"
            self.heard.add(event.event_id)

    async def published_all(self, service: str) -> None:
        """Wait until a service has told everything it had to tell."""

        async def empty() -> None:
            assert not await self.rows(f"SELECT FROM {service}.outbox")

        await eventually(empty, within=SETTLED_WITHIN)

    async def projections(self) -> dict[str, list[tuple[Any, ...]]]:
        """Read everything that consumers keep, to be compared with what they keep later."""
        found = {}
        for service, tables in (
            ("recovery", ("accounts", "persons", "practices", "notification_addresses")),
            ("merge", ("accounts", "persons", "practices")),
            ("notify", ("accounts", "practices", "deliveries", "attempts", "communications")),
        ):
            for table in tables:
                columns = STAYING.get(f"{service}.{table}", "*")
                rows = await self.rows(f"SELECT {columns} FROM {service}.{table} ORDER BY 1, 2")  # noqa: S608
                found[f"{service}.{table}"] = [tuple(row) for row in rows]
        return found
