"""What is refused here."""

from shared.errors import Conflict, Forbidden, Invalid, Limited


class SecondStepFailed(Forbidden):
    """No code that is taken now; whether it was wrong or there is a lock is never told (MF-3)."""

    title = "This code was not taken"
    hint = (
        "Wait for the app's next code, or use a recovery code, or a passkey where the verb takes "
        "one; while locked no code is taken."
    )


class SecondStepOver(Forbidden):
    """The fifth wrong code has ended the session that was to be (MF-3)."""

    title = "Five wrong codes were given, and the log-on is over"
    hint = (
        "Log on again; a recovery code or a passkey does as well, and the practice can reset "
        "two-step: one that has un-enrolled the patient re-activates her first."
    )


class CodeRequired(Forbidden):
    """Two-step is on, and the password alone is not enough (SE-3)."""

    title = "A code is needed beside the password"
    hint = "Send `code`, of the authenticator app or a recovery code, or a passkey's answer."


class CodeWrong(Invalid):
    """Not a code of the app that is being set up (MF-1)."""

    title = "This is not the code that the app shows now"
    hint = "Check that the phone sets its clock by itself, and type the code of this moment."


class SetUpOver(Conflict):
    """No app is being set up in this session, or not any more (MF-1)."""

    title = "No app is being set up here, or it took too long"
    hint = "Begin again with POST /account/two-step/app."


class TooManyCodeSets(Limited):
    """Recovery codes were made as often as they may be in an hour (MF-4)."""

    code = Limited.code
    title = "Recovery codes were made often enough for now"
    hint = "The last ones are good; wait as long as the Retry-After header says."


class TwoStepOff(Conflict):
    """Two-step is not on."""

    title = "Two-step verification is off"
    hint = "There is nothing to change: an authenticator app or a passkey turns it on."


class TwoStepOn(Conflict):
    """It is on, and what the account has of means counts already (MF-8)."""

    title = "Two-step verification is on already"
    hint = "There is nothing to turn on: every passkey of the account counts."
