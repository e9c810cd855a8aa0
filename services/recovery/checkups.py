"""What `check` looks at in recovery besides what it looks at everywhere."""

from services.recovery.app import stored_names
from services.recovery.settings import RecoverySettings
from shared.program.program import Checkup, Plumbing


async def check_names(plumbing: Plumbing[RecoverySettings]) -> str | None:
    """Accounts that nobody is found by: the digest key is another, or the form of names is."""
    count = await stored_names(plumbing).outdated()
    if not count:
        return None
    return (
        f"{count} accounts have names under another PORTICO_DIGEST_KEY or of an older form and are "
        "not found by them: set the former key, or run `names re-key`"
    )


CHECKUPS: tuple[Checkup[RecoverySettings], ...] = (Checkup(name="names", run=check_names),)
