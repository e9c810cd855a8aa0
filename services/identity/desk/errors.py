"""What is refused here."""

from shared.errors import Conflict, Invalid


class PatientNotEnrolled(Conflict):
    """The patient record has no account, or was un-enrolled."""

    title = "This patient is not enrolled"
    hint = (
        "Issue an enrolment token, or re-activate who was un-enrolled: unlocking and resetting "
        "two-step come after that."
    )


class PatientNotDormant(Conflict):
    """Somebody has logged on since the list was made (UN-2)."""

    title = "This patient has logged on since"
    hint = "List who is dormant anew."


class AccountNotFrozen(Conflict):
    """Nobody froze the account, or it was thawed before (RC-9)."""

    title = "This account is not frozen"
    hint = "There is nothing to thaw."


class ChartNamedTwice(Invalid):
    """A record is said to be kept and given up, or stands twice (MG-5)."""

    title = "A patient record is named more than once"
    hint = "Name each record once, among those that are kept or among those that are given up."


class ChartsNotDuplicate(Conflict):
    """These records are not of one account, so there is nothing to settle (MG-5)."""

    title = "These patient records do not belong to one account"
    hint = "Only records that one account has by now are duplicates of each other; read them again."


class ChartsSettled(Conflict):
    """The practice has settled just these records before; the first word holds (MG-5)."""

    title = "These patient records were settled before"
    hint = "Un-enrol or re-activate a record by itself where it is to be otherwise."


class KeptChartUnenrolled(Conflict):
    """No record that is kept is enrolled, so the patient would lose the practice (MG-5)."""

    title = "The record that is kept is not enrolled"
    hint = "Re-activate it first, or keep one that is enrolled."
