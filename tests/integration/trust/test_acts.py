"""Acts: one transaction, with the audit row of its outcome and its events in it (AU-1)."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
import pytest
import pytest_asyncio

from shared.acts import Act, Acts, By
from shared.audit import entries
from shared.audit.entries import Origin
from shared.contracts.envelope import Envelope
from shared.contracts.identity import ACCOUNT_CHANGED
from shared.contracts.ids import AccountId, EventId, PatientId, PracticeId, SessionId
from shared.contracts.sessions import SessionEntry
from shared.db import Database, Row, after_commit
from shared.errors import CatchingUp, Refused
from shared.idempotency import IdempotencyKey
from tests.builders import events
from tests.support import database as databases
from tests.support.acts import acts_of
from tests.support.clock import FakeClock
from tests.support.database import PATIENCE
from tests.support.statements import noted

ORIGIN = Origin(actor="anonymous", source="192.0.2.1", correlation_id=UUID(int=7))
ACCOUNT, OTHER = AccountId(UUID(int=1)), AccountId(UUID(int=2))
PATIENT, PRACTICE = PatientId(UUID(int=3)), PracticeId(UUID(int=4))
KEY = IdempotencyKey(caller="client:a", verb="try", key="k" * 16, body_digest=b"1" * 32)
KEEP = "INSERT INTO spent_grants (issuer, jti, act, spent_at) VALUES ('i', $1, 'a', '2031-03-05')"
KEPT = "SELECT jti FROM spent_grants ORDER BY jti"


class Action(entries.Action):
    TRY = "try"
    CAUSE = "cause"


class WrongGuess(Refused):
    """Counted."""


class Answer(msgspec.Struct, frozen=True):
    word: str


@pytest_asyncio.fixture
async def pool(database: databases.Database) -> AsyncIterator[Database]:
    """One connection: what waits for a second one would hang."""
    made = Database(database.url("identity"), application="test", size=1, wait=1.0)
    yield made
    await made.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where acts begin, and what became of them."""

    acts: Acts
    by: By
    pool: Database

    def begin(self, **subjects: Any) -> AbstractAsyncContextManager[Act]:
        return self.acts.begin(self.by, Action.TRY, **subjects)

    async def rows(self, query: str) -> Sequence[Row]:
        async with self.pool.connection() as connection:
            return await connection.fetch(query)

    async def kept(self) -> list[str]:
        """What the work has written."""
        return [row["jti"] for row in await self.rows(KEPT)]

    async def audited(self) -> list[tuple[Any, ...]]:
        """Action, outcome, subject, practice and detail of each row."""
        columns = "SELECT action, outcome, subject, practice, detail FROM audit_entries"
        return sorted((tuple(row) for row in await self.rows(columns)), key=str)

    async def told(self) -> list[Envelope]:
        """What is to be published, in order."""
        found = await self.rows("SELECT body FROM outbox WHERE routing_key <> '' ORDER BY id")
        return [msgspec.json.decode(row["body"], type=Envelope) for row in found]

    def woken(self) -> list[str]:
        return [exchange for exchange, wake in self.acts.outbox.wakes.items() if wake.is_set()]


@pytest.fixture
def desk(pool: Database, clock: FakeClock) -> Desk:
    by = By(origin=ORIGIN, now=clock.now())
    return Desk(acts=acts_of("identity", pool, clock), by=by, pool=pool)


def tell(act: Act, subject: AccountId = ACCOUNT) -> None:
    act.publish(ACCOUNT_CHANGED, events.account(subject), subject=subject, version=1)


async def test_what_is_done_has_its_row_and_says_whom_it_turned_out_to_be_about(desk: Desk) -> None:
    async with desk.begin(patient=PATIENT, practice=PRACTICE) as act:
        act.about(account=ACCOUNT)
        act.detail = "well"

    assert await desk.audited() == [("try", "done", f"account:{ACCOUNT}", str(PRACTICE), "well")]


@pytest.mark.proves("AU-1")
async def test_a_refusal_undoes_all_and_leaves_the_row_of_how_it_began(desk: Desk) -> None:
    with pytest.raises(WrongGuess):  # noqa: PT012 - the act is what is undone
        async with desk.begin(patient=PATIENT, practice=PRACTICE) as act:
            await act.tx.execute(KEEP, "work")
            act.about(account=ACCOUNT)
            act.detail = "well"
            tell(act)
            raise WrongGuess

    assert await desk.kept() == []
    assert await desk.told() == []
    assert await desk.audited() == [
        ("try", "refused", f"patient:{PATIENT}", str(PRACTICE), "wrong_guess")
    ]


@pytest.mark.proves("AU-1")
async def test_a_count_stays_where_an_attempt_is_refused_and_undone(desk: Desk) -> None:
    with pytest.raises(WrongGuess):  # noqa: PT012 - likewise
        async with desk.begin(account=ACCOUNT) as act:
            tell(act, OTHER)
            try:
                async with act.attempt():
                    await act.tx.execute(KEEP, "work")
                    tell(act)
                    act.record(Action.CAUSE)
                    raise WrongGuess
            except WrongGuess as wrong:
                await act.tx.execute(KEEP, "count")
                act.committing(wrong)
                raise

    assert await desk.kept() == ["count"]
    assert [event.subject for event in await desk.told()] == [str(OTHER)]
    assert await desk.audited() == [("try", "refused", f"account:{ACCOUNT}", None, "wrong_guess")]


async def test_a_lock_taken_before_an_attempt_outlives_its_refusal(
    desk: Desk, database: databases.Database
) -> None:
    another = Database(database.url("identity"), application="test", size=1, wait=PATIENCE)
    async with desk.acts.database.connection() as connection:
        await connection.execute(KEEP, "row")
    async with desk.begin() as act:
        await act.tx.execute("SELECT FROM spent_grants FOR UPDATE")
        with pytest.raises(WrongGuess):
            async with act.attempt():
                raise WrongGuess
        async with another.connection() as connection:
            free = await connection.fetch("SELECT jti FROM spent_grants FOR UPDATE SKIP LOCKED")
    await another.close()

    assert free == []


async def test_the_audit_can_say_more_of_a_refusal_than_the_caller_is_told(desk: Desk) -> None:
    with pytest.raises(WrongGuess):
        async with desk.begin(account=ACCOUNT) as act:
            raise act.committing(WrongGuess(), detail="locked")

    assert await desk.audited() == [("try", "refused", f"account:{ACCOUNT}", None, "locked")]


async def test_only_the_refusal_that_was_meant_commits(desk: Desk) -> None:
    with pytest.raises(WrongGuess):  # noqa: PT012 - likewise
        async with desk.begin() as act:
            await act.tx.execute(KEEP, "work")
            act.committing(WrongGuess(), detail="another")
            raise WrongGuess

    assert await desk.kept() == []
    assert await desk.audited() == [("try", "refused", None, None, "wrong_guess")]


@pytest.mark.parametrize("error", [ValueError, CatchingUp, asyncio.CancelledError])
async def test_what_fails_leaves_nothing_and_no_row(desk: Desk, error: type[BaseException]) -> None:
    with pytest.raises(error):  # noqa: PT012 - likewise
        async with desk.begin() as act:
            await act.tx.execute(KEEP, "work")
            tell(act)
            raise error

    assert (await desk.kept(), await desk.told(), await desk.audited()) == ([], [], [])


@pytest.mark.parametrize("refused", [True, False])
async def test_an_outcome_stands_in_the_history_of_both(desk: Desk, refused: bool) -> None:
    try:
        async with desk.begin(account=ACCOUNT) as act:
            act.also(account=OTHER)
            act.detail = "well"
            if refused:
                raise WrongGuess
    except WrongGuess:
        pass

    outcome = ("refused", "wrong_guess") if refused else ("done", "well")
    assert await desk.audited() == [
        ("try", outcome[0], f"account:{account}", None, outcome[1]) for account in (ACCOUNT, OTHER)
    ]


async def try_once(desk: Desk, word: str) -> Answer:
    """A verb with an idempotency key."""
    async with desk.begin() as act:
        if found := await act.repeat(KEY, Answer):
            return found
        await act.tx.execute(KEEP, word)
        return await act.keep(KEY, Answer(word))


async def test_a_refusal_gives_its_key_back(desk: Desk) -> None:
    with pytest.raises(WrongGuess):  # noqa: PT012 - likewise
        async with desk.begin() as act:
            await act.repeat(KEY, Answer)
            raise WrongGuess

    assert await try_once(desk, "two") == Answer("two")


async def warm(desk: Desk) -> None:
    """The driver asks for the types of arrays once on each connection."""
    async with desk.begin() as act:
        tell(act)


async def test_all_that_was_gathered_is_written_by_one_statement_each(desk: Desk) -> None:
    subjects = [AccountId(UUID(int=number)) for number in range(1, 30)]
    await warm(desk)
    with noted(desk.pool) as heard:
        async with desk.begin() as act:
            for subject in subjects:
                tell(act, subject)
                act.record(Action.CAUSE, account=subject)
            act.end_sessions([SESSION] * 2)

    begun, outbox, entries, committed = heard
    assert begun.startswith("BEGIN")
    assert "INSERT INTO outbox" in outbox
    assert "INSERT INTO snapshots_told" in outbox
    assert "INSERT INTO audit_entries" in entries
    assert committed.startswith("COMMIT")
    assert [event.subject for event in await desk.told()][1:] == list(map(str, subjects))
    assert len(await desk.audited()) == 31


async def test_a_refusal_takes_no_second_connection_and_one_statement(desk: Desk) -> None:
    await warm(desk)
    with noted(desk.pool) as heard, pytest.raises(WrongGuess):
        async with desk.begin():
            raise WrongGuess

    said = [statement.split()[0] for statement in heard]
    assert said == ["BEGIN;", "ROLLBACK;", "WITH"]


async def test_an_act_within_another_transaction_records_its_own_outcomes_and_names_its_cause(
    desk: Desk,
) -> None:
    cause = EventId(UUID(int=5))
    async with desk.pool.transaction() as tx, desk.acts.within(tx, desk.by, cause=cause) as act:
        tell(act)
        act.record(Action.CAUSE, "refused", account=ACCOUNT, detail="late")

    [event] = await desk.told()
    assert (event.causationid, event.correlationid) == (UUID(int=5), ORIGIN.correlation_id)
    assert await desk.audited() == [("cause", "refused", f"account:{ACCOUNT}", None, "late")]


async def test_relays_are_woken_by_the_commit_and_not_before_it(desk: Desk) -> None:
    async with desk.begin() as act:
        tell(act)
        await desk.acts.outbox.write(act.tx, [desk.acts.outbox.ended_session(SESSION)])
        assert desk.woken() == []

    assert desk.woken() == ["identity.events", "identity.sessions"]


async def test_nobody_is_woken_by_what_was_rolled_back(desk: Desk) -> None:
    with pytest.raises(WrongGuess):  # noqa: PT012 - likewise
        async with desk.begin() as act:
            await desk.acts.outbox.write(act.tx, [desk.acts.outbox.ended_session(SESSION)])
            raise WrongGuess

    assert desk.woken() == []


async def test_without_a_transaction_what_waits_for_a_commit_is_called_at_once(desk: Desk) -> None:
    woken = asyncio.Event()
    async with desk.acts.database.connection() as connection:
        after_commit(connection, woken.set)

        assert woken.is_set()


SESSION = SessionEntry(session_id=SessionId(UUID(int=9)), not_before=None)
