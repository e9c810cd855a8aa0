"""What `check` looks at in identity besides what it looks at everywhere."""

from services.identity.accounts.store import freezes, hashes
from services.identity.emails.features import stored_names
from services.identity.log_on.store import terms
from services.identity.passkeys.store import passkeys
from services.identity.settings import Settings
from services.identity.two_step.store import recovery_codes
from shared.program.program import Checkup, Plumbing
from shared.trust.hashing import hasher_of


async def check_peppers(plumbing: Plumbing[Settings]) -> str | None:
    """What nobody could log on with any more: a pepper was lost, or forgotten too early."""
    hasher = hasher_of(plumbing.settings, plumbing.metrics)
    try:
        async with plumbing.database.connection() as connection:
            passwords = await hashes.count_under_other_peppers(connection, hasher.peppers)
            codes = await recovery_codes.count_under_other_peppers(connection, hasher.peppers)
    finally:
        hasher.close()
    lost = [
        f"{count} {what} are under a pepper that no setting names"
        for count, what in ((passwords, "passwords"), (codes, "sets of recovery codes"))
        if count
    ]
    return "; ".join(lost) or None


async def check_names(plumbing: Plumbing[Settings]) -> str | None:
    """Addresses by which nobody can log on, and whose canonical spelling is free."""
    count = await stored_names(plumbing).outdated()
    return f"{count} addresses have a key of an older form, run `names re-key`" if count else None


async def check_terms(plumbing: Plumbing[Settings]) -> str | None:
    """Nobody can enrol before there is something to agree to (EN-9)."""
    async with plumbing.database.connection() as connection:
        published = await terms.current(connection)
    return None if published else "no terms are published, run `terms publish`"


async def check_freezes(plumbing: Plumbing[Settings]) -> str | None:
    """Who froze her account and has no practice left: no verb opens it but a re-activation."""
    async with plumbing.database.connection() as connection:
        count = await freezes.count_out_of_reach(connection)
    return (
        f"{count} frozen accounts are enrolled nowhere: no practice thaws them" if count else None
    )


async def check_passkeys(plumbing: Plumbing[Settings]) -> str | None:
    """Passkeys that answer to nobody: the RP id was another one when they were made (MF-6)."""
    async with plumbing.database.connection() as connection:
        count = await passkeys.count_of_other_rp(connection, plumbing.settings.passkey_rp_id)
    return f"{count} passkeys were made for another RP id: none of them works" if count else None


CHECKUPS: tuple[Checkup[Settings], ...] = (
    Checkup(name="peppers", run=check_peppers),
    Checkup(name="names", run=check_names),
    Checkup(name="terms", run=check_terms),
    Checkup(name="freezes", run=check_freezes),
    Checkup(name="passkeys", run=check_passkeys),
)
