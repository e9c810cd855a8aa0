"""The account of a practice's own patient, held for whoever does something to it (ST-1)."""

from services.identity.desk.errors import PatientNotEnrolled
from services.identity.patients.store import enrolments, patients
from services.identity.practices.model import Practice
from services.identity.practices.store import practices
from shared.contracts.identity import EnrolmentState
from shared.contracts.ids import AccountId, PatientId, PracticeId
from shared.db import Connection
from shared.errors import NotFound


async def hold(
    tx: Connection, practice_id: PracticeId, patient_id: PatientId
) -> tuple[Practice, AccountId]:
    """Hold the account until commit: a merge or an un-enrolment comes before, or waits.

    Raises NotFound for a record that is another's or nobody's, and PatientNotEnrolled.
    """
    practice = await practices.find(tx, practice_id)
    if practice is None or not await patients.belongs(tx, patient_id, practice_id):
        raise NotFound
    account_id = await enrolments.hold_account(tx, patient_id)
    enrolment = await enrolments.find(tx, patient_id)
    if account_id is None or enrolment is None or enrolment.state is not EnrolmentState.ENROLLED:
        raise PatientNotEnrolled
    return practice, account_id
