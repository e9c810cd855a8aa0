"""A projection of 100,000 accounts rebuilt as fast as it goes: both verbs, until all is settled."""

import re

from deploy.local.processes import together
from tests.bench.figures import Line, Measured, NotMeasured, Result
from tests.bench.rows.consumer import OTHERS
from tests.bench.rows.snapshots import ACCOUNTS, PUBLISHER, enough_accounts
from tests.bench.site import Service, Site
from tests.bench.watch import costs

KEEPER = "merge"
PROJECTION = "accounts"
UNBOUNDED = 1_000_000  # a second: more than are there
BEGUN = re.compile(rf"--rebuild ({KEEPER}:\d+)")
HEARD = """
SELECT (SELECT count(*) FROM merge.accounts WHERE account_id IN (SELECT id FROM identity.accounts))
= (SELECT count(*) FROM identity.accounts)
"""


async def measure(site: Site, rounds: int) -> Result:
    await enough_accounts(site)
    async with site.services(KEEPER, but=("sessions",)) as (keeper,):  # it asks identity for nobody
        done = await site.rounds(rounds, lambda: rebuilt(site, keeper))
    return Result(
        row="rebuild",
        lines=(
            Line(
                what=f"{KEEPER}'s {PROJECTION} rebuilt, {done[0].done:,} of them",
                unit="accounts a second",
                ours=tuple(one.rate for one in done),
            ),
        ),
        notes=(
            f"rebuild: one replica of {KEEPER}; published as fast as {PUBLISHER} can, where its "
            "verb alone takes 200 a second; the start of all three processes is in it",
            costs("rebuild", "account", done),
        ),
    )


async def rebuilt(site: Site, keeper: Service) -> Measured:
    """Begin, publish, settle. Raises NotMeasured where one is missing in the end."""
    watch = site.watch(keeper)
    told = await site.verb(KEEPER, "projection", "rebuild", PROJECTION, "--no-wait")
    begun = BEGUN.search(told.decode())
    if begun is None:
        raise NotMeasured(f"{KEEPER} did not say what it began: {told.decode()}")
    how = ("--rate", str(UNBOUNDED), "--rebuild", begun[1])
    await together(
        site.verb(PUBLISHER, "snapshots", "publish", PROJECTION, *how),
        site.verb(KEEPER, "projection", "rebuild", PROJECTION),
    )
    await site.purge(*OTHERS)  # or the rows behind this one would wait for all of them
    count = await site.database.fetchval("SELECT count(*) FROM identity.accounts")
    if count < ACCOUNTS or not await site.database.fetchval(HEARD):
        raise NotMeasured(f"{KEEPER} does not have all {count:,} accounts")
    return watch.measured(count)
