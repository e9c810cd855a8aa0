"""What `check` looks at in identity besides what it looks at everywhere."""

from services.identity.app import hasher_of
from services.identity.settings import Settings
from services.identity.store import accounts
from shared.program import Look, Plumbing


async def look_at_peppers(plumbing: Plumbing[Settings]) -> str | None:
    """Passwords that nobody could log on with: a pepper was lost, or forgotten too early."""
    hasher = hasher_of(plumbing)
    try:
        async with plumbing.database.connection() as connection:
            count = await accounts.count_under_other_peppers(connection, hasher.peppers)
    finally:
        hasher.close()
    return f"{count} passwords are under a pepper that no setting names" if count else None


LOOKS: tuple[Look[Settings], ...] = (Look(name="peppers", look=look_at_peppers),)
