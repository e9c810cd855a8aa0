"""The account of a practice's own patient, held for whoever does something to it (ST-1)."""

from services.identity.desk.errors import PatientNotEnrolled
from services.identity.patients.store import enrolments, patients
from services.identity.practices.model import Practice
from services.identity.practices.store import practices
from shared.acts import Act
from shared.contracts.identity import EnrolmentState
from shared.contracts.ids import AccountId, PatientId, PracticeId
from shared.db import Connection
from shared.errors import NotFound


async def hold(
    act: Act, practice_id: PracticeId, patient_id: PatientId
) -> tuple[Practice, AccountId]:
    """Hold the account until commit: a merge or an un-enrolment comes before, or waits.

    The act is about it from here on, and its row names the record. Raises NotFound for a record
    that is another's or nobody's, and PatientNotEnrolled.
    """
    practice, account_id = await hold_account(act.tx, practice_id, patient_id)
    enrolment = await enrolments.find(act.tx, patient_id)
    if enrolment is None or enrolment.state is not EnrolmentState.ENROLLED:
        raise PatientNotEnrolled
    act.about(account=account_id)
    act.detail = f"patient:{patient_id}"
    return practice, account_id


async def hold_account(
    tx: Connection, practice_id: PracticeId, patient_id: PatientId
) -> tuple[Practice, AccountId]:
    """Hold the account of a record that was enrolled once, before anything of its: log-ons and
    other practices wait. Raises as `hold`.
    """
    practice = await practices.find(tx, practice_id)
    if not await patients.belongs(tx, patient_id, practice_id):
        raise NotFound
    account_id = await enrolments.hold_account(tx, patient_id)
    if account_id is None:
        raise PatientNotEnrolled
    return practice, account_id
