"""A practice submits up to a thousand patients in a call, with a result for each (EN-6)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace

from services.identity.actions import Action
from services.identity.enrolment.errors import (
    PatientEnrolled,
    PatientWithoutEmail,
    PatientWithoutProof,
)
from services.identity.enrolment.invitations import Invitations, require_invitable
from services.identity.patients.errors import PatientNumberTaken
from services.identity.patients.model import Patient
from services.identity.patients.patients import PatientDetails, Patients
from services.identity.patients.store import patients as store
from shared.acts import About, Act, Acts, By
from shared.contracts.identity import PATIENT_INVITED
from shared.contracts.ids import PatientId, PracticeId
from shared.errors import Refused
from shared.http.problems import ScopeMissing

INVITATION_REFUSALS = (PatientEnrolled, PatientWithoutEmail, PatientWithoutProof)
COMPARED = tuple(field.name for field in fields(PatientDetails) if field.name != "number")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A patient as the practice's own system has her; its number is what it is known by again."""

    details: PatientDetails
    invite: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a row.

    `refusal` says why it is no record; where its number is another content's, `differs` names the
    fields. `invitation` is True where a link is on its way, False where one was before; or why not.
    """

    patient_id: PatientId | None = None
    added: bool = False
    refusal: Refused | None = None
    differs: tuple[str, ...] = ()
    invitation: bool | type[Refused] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulk:
    """Many rows, few statements: what one INSERT takes is new, whoever else submits the same."""

    acts: Acts
    patients: Patients
    invitations: Invitations

    async def submit(
        self, practice_id: PracticeId, rows: Sequence[Row], *, may_invite: bool, by: By
    ) -> Sequence[Outcome]:
        """Register each row that is new and invite whom it asks to, once in a record's life.

        A row that is refused takes no other one along. The same call again changes nothing: its
        numbers are known by then, and who was invited is not invited again. Raises ScopeMissing
        where a row invites and its client may not.
        """
        if any(row.invite for row in rows):
            async with self.acts.before(by, Action.REGISTER_PATIENTS, practice=practice_id):
                if not may_invite:
                    raise ScopeMissing
            await self.invitations.ready()
        async with self.acts.begin(by, Action.REGISTER_PATIENTS, practice=practice_id) as act:
            found = await self._register(act, practice_id, rows)
            outcomes = await self._invite(act, practice_id, rows, found)
            added, sent = (
                sum(outcome.added for outcome in outcomes),
                sum(outcome.invitation is True for outcome in outcomes),
            )
            act.detail = f"{added} registered, {sent} invited"
            return outcomes

    async def _register(
        self, act: Act, practice_id: PracticeId, rows: Sequence[Row]
    ) -> Sequence[Outcome]:
        made = [self.patients.make(practice_id, row.details) for row in rows]
        wrong = await self.patients.wrong(act, practice_id, made)
        sound = [patient for patient, refusal in zip(made, wrong, strict=True) if refusal is None]
        added = await store.add_all(act.tx, sound, now=act.now)
        known = await store.numbered(
            act.tx, practice_id, [patient.number or "" for patient in sound]
        )
        outcomes = [
            Outcome(refusal=refusal) if refusal else _found(patient, known, added)
            for patient, refusal in zip(made, wrong, strict=True)
        ]
        for patient, outcome in zip(made, outcomes, strict=True):
            about = About(patient=outcome.patient_id, practice=practice_id)
            if outcome.added:
                self.patients.announce(act, patient)
                act.record(Action.REGISTER_PATIENT, **about)
            elif outcome.refusal:
                cause = outcome.refusal.cause
                act.record(Action.REGISTER_PATIENT, "refused", detail=cause, **about)
        return outcomes

    async def _invite(
        self,
        act: Act,
        practice_id: PracticeId,
        rows: Sequence[Row],
        outcomes: Sequence[Outcome],
    ) -> Sequence[Outcome]:
        asked = {
            outcome.patient_id
            for row, outcome in zip(rows, outcomes, strict=True)
            if row.invite and outcome.patient_id and outcome.refusal is None
        }
        if not asked:
            return outcomes
        held = await store.hold_all(act.tx, practice_id, sorted(asked))
        answers: dict[PatientId, bool | type[Refused]] = {}
        for patient in held:
            try:
                require_invitable(patient)
            except INVITATION_REFUSALS as refusal:
                answers[patient.id] = type(refusal)
        able = [patient for patient in held if patient.id not in answers]
        first = await store.invited_first(act.tx, [patient.id for patient in able], now=act.now)
        await self.invitations.send(
            act,
            practice_id,
            [patient for patient in able if patient.id in first],
            event=PATIENT_INVITED,
        )
        answers |= {patient.id: patient.id in first for patient in able}
        for patient_id in first:
            act.record(Action.INVITE, patient=patient_id, practice=practice_id)
        return [
            replace(outcome, invitation=_once(answers, outcome.patient_id))
            if row.invite and outcome.patient_id and outcome.refusal is None
            else outcome
            for row, outcome in zip(rows, outcomes, strict=True)
        ]


def _once(
    answers: dict[PatientId, bool | type[Refused]], patient_id: PatientId
) -> bool | type[Refused]:
    """The answer to a row that invites; of several of one record the first has the link."""
    answer = answers[patient_id]
    if answer is True:
        answers[patient_id] = False
    return answer


def _found(patient: Patient, known: Mapping[str, Patient], added: frozenset[PatientId]) -> Outcome:
    """What the record of this number is to the row: itself, the same again, or another content."""
    if patient.id in added:
        return Outcome(patient_id=patient.id, added=True)
    before = known[patient.number or ""]
    differs = tuple(name for name in COMPARED if getattr(before, name) != getattr(patient, name))
    return Outcome(
        patient_id=before.id,
        refusal=PatientNumberTaken() if differs else None,
        differs=differs,
    )
