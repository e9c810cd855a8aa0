"""What is done for each mail finds its rows by their keys, whatever PostgreSQL knows of the tables.

A prepared statement keeps a plan that was made when the tables were small, or when nothing was
known of them: one that reads a whole table then does so for every mail.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

import msgspec
import pytest

from services.notify.ledger.model import DeliveryId, State
from services.notify.projections.store import accounts
from services.notify.sending.model import Dot, Settlement, Verdict
from services.notify.sending.store import settlements, turns
from shared.contracts.ids import PatientId, PracticeId
from shared.db import Connection
from shared.randomness import Randomness
from tests.rigs.notify import Office
from tests.support.clock import START
from tests.support.database import Database

RANDOM = Randomness()
IDS = [DeliveryId(RANDOM.uuid()) for _ in range(2)]
TOKEN = RANDOM.uuid()
LEASE = turns.Lease(token=TOKEN, until=START, limit=12)
MANY = 5_000
FILL = """
WITH one AS (
    SELECT gen_random_uuid() AS id, number FROM generate_series(1, $1) AS number
), known AS (
    INSERT INTO accounts (id, version, state, locale, time_zone)
    SELECT id, 1, 'active', 'en', 'UTC' FROM one
), merged AS (
    INSERT INTO merged_accounts (absorbed_id, survivor_id, merge_id, applied_at)
    SELECT gen_random_uuid(), id, gen_random_uuid(), $2 FROM one
), records AS (
    INSERT INTO patient_records (patient_id, account_id, practice_id, state)
    SELECT gen_random_uuid(), id, gen_random_uuid(), 'enrolled' FROM one
)
INSERT INTO deliveries (
    id, event_id, recipient_digest, template, class, channel, account_id, address, content, locale,
    time_zone, occurred_at, created_at, due_at, state, attempts, phase, lease_token, lease_until
)
SELECT id, id, decode(repeat('00', 32), 'hex'), 'account-locked', 'account-activity', 'email', id,
    'a@mail.example', '{}', 'en', 'UTC', $2, $2, $2, 'sending', 1, 'connecting', id, $2
FROM one
"""
Call = Callable[[Connection], Awaitable[object]]

CALLS: dict[str, Call] = {
    "mark": lambda tx: settlements.mark_dots(
        tx, [Dot(delivery_id=one, token=TOKEN, address="a", now=START) for one in IDS]
    ),
    "settle": lambda tx: settlements.settle(
        tx,
        [
            Settlement(
                delivery_id=one,
                token=TOKEN,
                verdict=Verdict(state=State.SENT),
                answer=None,
                at=START,
            )
            for one in IDS
        ],
    ),
    "phase": lambda tx: settlements.phase_of(tx, IDS[0], TOKEN),
    "renew": lambda tx: turns.renew(tx, IDS, TOKEN, until=START + timedelta(1)),
    "hand back": lambda tx: turns.hand_back(tx, IDS, TOKEN),
    "take activity": lambda tx: turns.take_activity(tx, LEASE, now=START),
    "take communications": lambda tx: turns.take_communications(
        tx, LEASE, [PracticeId(RANDOM.uuid())], now=START
    ),
    "whose record": lambda tx: accounts.find_by_patient(
        tx, [(PracticeId(RANDOM.uuid()), PatientId(RANDOM.uuid()))]
    ),
}


@dataclass(slots=True)
class Note:
    """A connection that notes what it is asked, and finds nothing."""

    asked: list[tuple[str, tuple[object, ...]]] = field(default_factory=list)

    async def fetch(self, query: str, *values: object) -> list[object]:
        self.asked.append((query, values))
        return []

    async def fetchval(self, query: str, *values: object) -> None:
        self.asked.append((query, values))

    async def execute(self, query: str, *values: object) -> None:
        self.asked.append((query, values))


def detours(plan: dict[str, Any]) -> list[str]:
    """What a plan reads from end to end: a table, or an index by something else than its keys."""
    own = []
    if plan["Node Type"] == "Seq Scan":
        own = [plan["Relation Name"]]
    elif "Index Name" in plan and "Index Cond" not in plan:
        own = [plan["Index Name"]]
    return own + [name for part in plan.get("Plans", ()) for name in detours(part)]


@pytest.mark.parametrize("known", ["nothing", "that-they-were-empty", "what-is-there"])
async def test_what_is_done_for_each_mail_takes_no_detour(
    office: Office, database: Database, known: str
) -> None:
    async with database.administrator() as owner:
        await owner.execute("SET search_path = notify")
        if known == "that-they-were-empty":
            await owner.execute("ANALYZE")
        await owner.execute(FILL, MANY, START)
        if known == "what-is-there":
            await owner.execute("ANALYZE")

    found = {name: await detours_of(office, call) for name, call in CALLS.items()}

    assert found == {name: [] for name in CALLS}


async def detours_of(office: Office, call: Call) -> Sequence[str]:
    """Those of the plan that is kept for its statement."""
    note = Note()
    await call(cast(Connection, note))
    ((query, values),) = note.asked
    async with office.plumbing.database.transaction() as tx:
        await tx.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        await tx.execute(f"PREPARE kept AS {query}")
        nulls = ", ".join("NULL" for _ in values)
        found = await tx.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE kept ({nulls})")
        await tx.execute("DEALLOCATE kept")
    return detours(msgspec.json.decode(found)[0]["Plan"])
