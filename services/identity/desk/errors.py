"""What is refused here."""

from shared.errors import Conflict


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
