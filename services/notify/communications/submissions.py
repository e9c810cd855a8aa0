"""Submissions: a practice's own system submits that something waits for a patient (NT-9)."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from services.notify.actions import Action
from services.notify.communications.errors import ReferenceReused
from services.notify.communications.model import Communication, Kept, Submission, Taken
from services.notify.communications.store import communications
from shared.acts import Act, Acts, By
from shared.audit.entries import Outcome
from shared.contracts.ids import EventId, PracticeId
from shared.db import Connection, after_commit
from shared.errors import Refused
from shared.group_commit import GroupCommit


@dataclass(slots=True, kw_only=True)
class Submissions:
    """The practice is the caller's own, never one named in a body."""

    acts: Acts
    taken: asyncio.Event = field(default_factory=asyncio.Event)
    """Wakes who takes what is new to the ledger; another replica's finds it by looking."""
    _grouped: GroupCommit[Submission, Taken | Refused] = field(init=False)

    def __post_init__(self) -> None:
        self._grouped = GroupCommit(
            database=self.acts.database,
            write=self._take_group,
            key=lambda submission: submission.communication.key,
        )

    async def submit(self, communication: Communication, *, by: By) -> EventId:
        """Take it once, however often it is sent under the practice's own reference.

        Raises ReferenceReused where the reference came with another patient or topic; that is
        audited and changes nothing. A record of another practice is taken as one that nobody has:
        the ledger says of either that it has no account here.
        """
        taken = await self._grouped(self.submission(communication, by))
        if isinstance(taken, Refused):
            raise taken
        return taken.event_id

    async def submit_all(
        self, practice_id: PracticeId, rows: Sequence[Communication], *, by: By
    ) -> Sequence[Taken | Refused]:
        """Take each as if it came alone, with its outcome in its place: none takes another along.

        Of two under one reference the first counts, as it does of two calls.
        """
        about = Action.SUBMIT_COMMUNICATIONS
        async with self.acts.begin(by, about, practice=practice_id) as act:
            found = await self.take(act, [self.submission(each, by) for each in rows])
            new = sum(isinstance(each, Taken) and each.new for each in found)
            act.detail = f"{new} submitted"
            return found

    def submission(self, communication: Communication, by: By) -> Submission:
        """Give it the id that it has where it is new."""
        return Submission(communication=communication, event_id=self.acts.outbox.new_id(), by=by)

    async def _take_group(
        self, connection: Connection, submissions: Sequence[Submission]
    ) -> Sequence[Taken | Refused]:
        """Take what several callers bring in one transaction."""
        by = self.acts.of_the_service(submissions[0].by.now)
        async with (
            self.acts.database.transaction_on(connection),
            self.acts.within(connection, by) as act,
        ):
            return await self.take(act, submissions)

    async def take(self, act: Act, submissions: Sequence[Submission]) -> Sequence[Taken | Refused]:
        """Keep what is new until the ledger has it, with all audit rows.

        A refusal writes nothing but its row, so it takes nothing of its group along.
        """
        added = await communications.add(act.tx, submissions)
        others = [each.communication for each in submissions if each.event_id not in added]
        kept = await communications.find(act.tx, others)
        for submission in submissions:
            if submission.event_id in added:
                record(act, submission, "done", submission.communication.topic)
        if added:
            after_commit(act.tx, self.taken.set)
        return [
            Taken(event_id=each.event_id, new=True)
            if each.event_id in added
            else known(act, each, kept[each.communication.key])
            for each in submissions
        ]


def known(act: Act, submission: Submission, kept: Kept) -> Taken | Refused:
    """Return the id that it got when it came before, or why it is refused."""
    if kept.communication == submission.communication:
        return Taken(event_id=kept.event_id, new=False)  # it was told and audited then
    refusal = ReferenceReused.in_field("reference", "was used for another patient or topic")
    record(act, submission, "refused", refusal.cause)
    return refusal


def record(act: Act, submission: Submission, outcome: Outcome, detail: str) -> None:
    """Leave the row of one, by who submitted it."""
    act.record(
        Action.SUBMIT_COMMUNICATION,
        outcome,
        detail=detail,
        origin=submission.by.origin,
        patient=submission.communication.patient_id,
        practice=submission.communication.practice_id,
    )
