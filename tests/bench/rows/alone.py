"""One user alone: how long her mail takes beyond the bare chain's."""

from tests.bench.figures import Bound, Line, Result, Sense, percentile
from tests.bench.rows.mailed import CHAIN_IS, chained, mailing, mails_to, resets_of
from tests.bench.seeds import known_accounts
from tests.bench.site import Site
from tests.bench.users import Users

ASKS = 40  # a round
PAUSE = 0.05  # seconds between a mail and the next request: nothing is warm by chance


async def measure(site: Site, rounds: int) -> Result:
    async with mailing(site) as ours, chained(site, ours.sink) as chain:

        async def once() -> tuple[float, float]:
            numbers = await known_accounts(site, ASKS)
            bare = Users(sink=ours.sink, job=chain.mails)
            await bare.ask(mails_to(numbers), users=1, pause=PAUSE)
            portico = Users(sink=ours.sink, job=ours.resets)
            await portico.ask(resets_of(numbers), users=1, pause=PAUSE)
            return percentile(bare.took, 0.50) * 1000, percentile(portico.took, 0.50) * 1000

        bare, portico = zip(*await site.rounds(rounds, once), strict=True)
    return Result(
        row="alone",
        lines=(
            Line(
                what="one user alone, request to mail, p50",
                unit="ms",
                ours=portico,
                ceiling=bare,
                ceiling_is=CHAIN_IS,
                share=False,
            ),
            Line(
                what="  beyond the chain",
                unit="ms",
                ours=tuple(one - other for one, other in zip(portico, bare, strict=True)),
                bound=Bound(Sense.AT_MOST, 40),
            ),
        ),
        notes=(
            f"alone: {ASKS} resets a round, one after the other; 10 to 30 ms of ours are the wait "
            "that is the same for hit and miss",
        ),
    )
