"""What `check` looks at in recovery besides what it looks at everywhere."""

from services.recovery.app import stored_names
from services.recovery.settings import RecoverySettings
from shared.program.program import Look, Plumbing


async def look_at_names(plumbing: Plumbing[RecoverySettings]) -> str | None:
    """Accounts that nobody is found by: the digest key is another, or the form of names is."""
    count = await stored_names(plumbing).outdated()
    if not count:
        return None
    return (
        f"{count} accounts have names under another PORTICO_DIGEST_KEY or of an older form and are "
        "not found by them: set the former key, or run `names re-key`"
    )


LOOKS: tuple[Look[RecoverySettings], ...] = (Look(name="names", look=look_at_names),)
