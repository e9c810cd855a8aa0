"""`check`: what an operator should mend before it is felt, in every service and in this one."""

from collections.abc import Awaitable, Callable
from typing import Any

from shared.audit.backlog import AuditBacklog
from shared.audit.partitions import months_ahead
from shared.database_server import doubts, shortcomings
from shared.db import StatementFailed, told_by
from shared.errors import Unavailable
from shared.messaging import dead_letters, relay, retries, topology
from shared.messaging.broker import Broker
from shared.messaging.management import ManagementRefused
from shared.program.asked import Asked, Command, NeedsSetting, administrator
from shared.program.program import Checkup, F, Plumbing, S
from shared.program.terminal import FAILED, OK, say, why
from shared.settings.loader import PREFIX
from shared.tls import of_broker
from shared.trust.keys import KEYS_CHANGED

WARN_AT_MONTHS = 3  # of audit partitions ahead; `migrate` makes 24


async def check(asked: Asked[F, S]) -> int:
    """Say how each thing is; exit 1 where one is not well."""
    async with asked.plumbing(ready=False) as plumbing:
        checkups = (*OF_EVERY_SERVICE, *asked.program.checkups)
        well = [await is_well(one, plumbing) for one in checkups]
    return OK if all(well) else FAILED


async def is_well(checkup: Checkup[S], plumbing: Plumbing[S]) -> bool:
    """Say how one thing is; what is not asked is not ill."""
    try:
        warning = await checkup.run(plumbing)
    except (Unavailable, ManagementRefused) as away:
        warning = why(away)
    except StatementFailed as failed:  # as where nothing is migrated yet
        warning = told_by(failed)
    except NeedsSetting as missing:
        say(f"--   {checkup.name}: not asked, {PREFIX}{missing} is not set")
        return True
    say(f"WARN {checkup.name}: {warning}" if warning else f"ok   {checkup.name}")
    return not warning


async def database(plumbing: Plumbing[S]) -> str | None:
    """It answers, is fit to hold everybody's data, and sorts as it did when it was made."""
    await plumbing.database.ping()
    async with plumbing.database.connection() as connection:
        wrong = [*await shortcomings(connection), *await doubts(connection)]
    return "; ".join(wrong) or None


async def partitions(plumbing: Plumbing[S]) -> str | None:
    """Audit rows of a month need its partition; `migrate` makes them."""
    async with plumbing.database.connection() as connection:
        ahead = await months_ahead(connection, await plumbing.database.time())
    return f"only {ahead} months ahead, run `migrate`" if ahead <= WARN_AT_MONTHS else None


async def unchained(plumbing: Plumbing[S]) -> str | None:
    await plumbing.measured()
    backlog = AuditBacklog(
        database=plumbing.database, clock=plumbing.clock, metrics=plumbing.metrics
    )
    return await backlog.warning()


async def broker(plumbing: Plumbing[S]) -> str | None:
    """It answers to the service's own user."""
    settings = plumbing.settings
    url = settings.broker_url.reveal()
    tls = of_broker(url, settings.tls_ca)
    asked = Broker(url, name=f"{plumbing.service} check", tls=tls)
    try:
        await asked.ping()
    finally:
        await asked.close()
    return None


async def bus(plumbing: Plumbing[S]) -> str | None:
    """Queues and bindings. Raises NeedsSetting: no service has the administrator's URL."""
    return await topology.warning(plumbing.service, administrator(plumbing.settings))


def by_the_time(
    warning: Callable[..., Awaitable[str | None]],
) -> Callable[[Plumbing[Any]], Awaitable[str | None]]:
    """Ask by the services' time, which is the database's."""

    async def run(plumbing: Plumbing[Any]) -> str | None:
        return await warning(plumbing.database, now=await plumbing.measured())

    return run


async def own_keys(plumbing: Plumbing[S]) -> str | None:
    """A service whose keys do not open never gets ready. Raises KeysUnreadable."""
    if plumbing.service in KEYS_CHANGED:
        await plumbing.own_keys().held()
    return None


async def sources(plumbing: Plumbing[S]) -> str | None:
    return await plumbing.budget.warning()


OF_EVERY_SERVICE: tuple[Checkup[Any], ...] = (
    Checkup(name="database", run=database),
    Checkup(name="audit partitions", run=partitions),
    Checkup(name="audit chain", run=unchained),
    Checkup(name="broker", run=broker),
    Checkup(name="topology", run=bus),
    Checkup(name="outbox", run=by_the_time(relay.warning)),
    Checkup(name="dead letters", run=by_the_time(dead_letters.warning)),
    Checkup(name="retries", run=by_the_time(retries.warning)),
    Checkup(name="own keys", run=own_keys),
    Checkup(name="sources", run=sources),
)

COMMANDS = (Command(name="check", help="warn of what needs an operator", run=check),)
