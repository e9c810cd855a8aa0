"""What `check` looks at in recovery besides what it looks at everywhere."""

from services.recovery.practice_tokens.store import tokens
from services.recovery.projections.features import stored_names
from services.recovery.questions.store import questions
from services.recovery.settings import RecoverySettings
from shared.program.program import Checkup, Plumbing
from shared.trust.hashing import hasher_of


async def check_names(plumbing: Plumbing[RecoverySettings]) -> str | None:
    """Names that nobody is found by: the digest key is another, or the form of names is."""
    count = await stored_names(plumbing).outdated()
    if not count:
        return None
    return (
        f"{count} rows of names are under another PORTICO_DIGEST_KEY or of an older form and "
        "nobody is found by them: set the former key, or run `names re-key`"
    )


async def check_peppers(plumbing: Plumbing[RecoverySettings]) -> str | None:
    """What can be compared with nothing any more: a pepper was lost, or forgotten too early."""
    hasher = hasher_of(plumbing.settings, plumbing.metrics)
    try:
        async with plumbing.database.connection() as connection:
            counts = {
                "reset tokens": await tokens.count_under_other_peppers(connection, hasher.peppers),
                "sets of questions": await questions.count_under_other_peppers(
                    connection, hasher.peppers
                ),
            }
    finally:
        hasher.close()
    found = " and ".join(f"{count} {what}" for what, count in counts.items() if count)
    return f"{found} are under a pepper that no setting names" if found else None


CHECKUPS: tuple[Checkup[RecoverySettings], ...] = (
    Checkup(name="names", run=check_names),
    Checkup(name="peppers", run=check_peppers),
)
