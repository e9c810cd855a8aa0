"""The audit: its chain verified from the first row, and what is six years old dropped (ST-3)."""

from shared.audit import dropping
from shared.audit.verification import AuditVerification
from shared.db import one_connection
from shared.migrate import turn
from shared.program.asked import Asked, Command, NeedsSetting
from shared.program.bar import shown
from shared.program.program import F, Plumbing, S
from shared.program.terminal import say


async def verify(asked: Asked[F, S]) -> int:
    async with asked.plumbing() as plumbing:
        with shown("audit rows") as progress:
            told = await verification(plumbing).verify(progress)
        return say(told)


def verification(plumbing: Plumbing[S]) -> AuditVerification:
    moved = plumbing.settings.clock_file is not None
    return AuditVerification(database=plumbing.database, clock=plumbing.clock, moved=moved)


async def drop_months(asked: Asked[F, S]) -> int:
    """Verify first: what is not whole must not lose the rows that would show it."""
    settings = asked.settings()
    if settings.migration_url is None:
        raise NeedsSetting("MIGRATION_URL")
    async with asked.plumbing() as plumbing:
        with shown("audit rows") as progress:
            say(await verification(plumbing).verify(progress))
        async with plumbing.database.connection() as connection:
            due = await dropping.due(connection, plumbing.clock.now())
        if not due:
            return say("no month of it is six years old")
        if asked.dry_run:
            return say(*(f"would drop what is {months}" for months in due))
        url = settings.migration_url.reveal()
        by = plumbing.operator().origin
        async with one_connection(
            url, application=f"{plumbing.service} audit", ca=settings.tls_ca
        ) as owner:
            for months in due:
                async with turn(owner, plumbing.service):
                    dropped = await dropping.drop(owner, months, by=by, audit=plumbing.audit)
                say(f"{'dropped' if dropped else 'another dropped'} what was {months}")
    return say("the chain begins at an anchor now: `audit verify` goes on from there")


COMMANDS = (
    Command(name="audit verify", help="check the whole audit chain", run=verify),
    Command(
        name="audit drop-months",
        help="drop the months older than six years, as the migration role",
        run=drop_months,
        changes=True,
    ),
)
