"""What a practice hands out: given in one place, listed, and made void (EN-1, EN-2, EN-3, ST-1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.identity.actions import Action
from services.identity.enrolment.errors import NothingLive
from services.identity.enrolment.model import HandedOut, HandedOutKind, Way
from services.identity.enrolment.store import handed_out as store
from services.identity.patients.store import patients
from shared import one_time
from shared.acts import Act, Acts, By
from shared.contracts.ids import PatientId, PracticeId
from shared.errors import NotFound
from shared.one_time import Secret

PAGE = 100


async def hand_out(act: Act, way: Way, secrets: Sequence[Secret], practice_id: PracticeId) -> None:
    """Keep secrets in the place of those that their records had before, with who gives them."""
    await one_time.issue(act.tx, way.purpose, secrets, now=act.now)
    await store.note(act.tx, secrets, practice_id=practice_id, staff=act.origin.staff, now=act.now)


@dataclass(frozen=True, slots=True, kw_only=True)
class HandingOut:
    acts: Acts

    async def list(
        self, practice_id: PracticeId, patient_id: PatientId | None, *, after: UUID | None, by: By
    ) -> Sequence[HandedOut]:
        """What the practice handed out, to this patient or to anybody, newest first.

        A record that is another's has nothing here, as one that is nobody's. It is on record, with
        the patient where it is of one (AU-1).
        """
        async with self.acts.begin(
            by, Action.LIST_HANDED_OUT, patient=patient_id, practice=practice_id
        ) as act:
            return await store.page(
                act.tx, practice_id, patient_id, after=after, limit=PAGE, now=by.now
            )

    async def void(
        self, practice_id: PracticeId, patient_id: PatientId, kind: HandedOutKind, *, by: By
    ) -> None:
        """Let what is live of this kind open nothing any more, and what was proven by it neither.

        The record is held first, as whoever uses the secret does: one of both has it.
        """
        async with self.acts.begin(
            by, Action.VOID_HANDED_OUT, patient=patient_id, practice=practice_id
        ) as act:
            act.detail = kind
            if await patients.hold(act.tx, practice_id, patient_id) is None:
                raise NotFound
            if not await one_time.void(act.tx, kind.way.purpose, patient_id, now=act.now):
                raise NothingLive
