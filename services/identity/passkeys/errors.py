"""What is refused here."""

from shared.errors import Conflict, Forbidden


class PasskeyInvalid(Forbidden):
    """The answer of no passkey that counts here; the cause is never told (MF-6)."""

    title = "This passkey was not taken"
    hint = "Try again with another passkey, or use the password."


class PasskeyUnknown(Forbidden):
    """No account has this passkey any more (MF-7)."""

    title = "No account has this passkey any more"
    hint = "Remove it from the device, and use another passkey or the password."


class CeremonyOver(Conflict):
    """Late, answered before, or begun for something else, somebody else or elsewhere (MF-6).

    It counts on no source: nothing was looked at.
    """

    title = "This took too long, or was answered before"
    hint = "Ask for options again, and answer those."
    counts = False


class PasskeysNotOffered(Conflict):
    """No RP id is set: this portal takes no passkeys (MF-6)."""

    title = "This portal takes no passkeys"
    hint = "Use the password."


class NoPasskeys(Conflict):
    """The account has none that would be taken here."""

    title = "This account has no passkey that can be used here"
    hint = "Use a code, a recovery code or the password."


class PasskeyLimit(Conflict):
    """Ten an account (MF-5)."""

    title = "An account has at most ten passkeys"
    hint = "Remove one that is not used any more."


class PasskeyNameTaken(Conflict):
    """Another passkey of the account is called so (MF-5)."""

    title = "Another of your passkeys has this name"
    hint = "Take another name."


class PasskeyRegistered(Conflict):
    """The credential is somebody's already, or was (MF-5)."""

    title = "This passkey was registered before"
    hint = "Make another one."


class TwoStepNeedsMeans(Conflict):
    """No passkey counts, or would be left, that two-step verification can be taken by (MF-9)."""

    title = "Two-step verification needs a passkey or an authenticator app"
    hint = "Make or keep another passkey, set up an app, or turn two-step verification off first."
