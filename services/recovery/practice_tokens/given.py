"""What a practice has given out and is still good: who asks reads no token (RC-5, ST-1)."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.recovery.actions import Action
from services.recovery.practice_tokens.model import GivenResetToken
from services.recovery.practice_tokens.store import tokens as store
from shared.acts import Acts, By
from shared.contracts.ids import PatientId, PracticeId
from shared.errors import NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    acts: Acts

    async def list(
        self, practice_id: PracticeId, patient_id: PatientId, *, by: By
    ) -> Sequence[GivenResetToken]:
        """The practice's own live ones of its patient: one at most.

        An own record has none here whose live token another practice gave: who else has this
        patient is not told. That it was looked at is on record, a look for who is none of its
        patients as well. Raises NotFound for a record that is another's or nobody's.
        """
        async with self.acts.begin(
            by, Action.LIST_RESET_TOKENS, patient=patient_id, practice=practice_id
        ) as act:
            if not await store.belongs(act.tx, patient_id, practice_id):
                raise NotFound
            return await store.given(act.tx, practice_id, patient_id, now=by.now)
