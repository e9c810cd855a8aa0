"""Merges, from accepted to completed, and whom to offer one, among few and among many accounts.

How long a merge takes is what its row says: both moments are merge's own. What is asked for too
fast is not refused, but waits: so beside the time stands at which rate merges ended.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import aiohttp

from deploy.local import ports
from shared.contracts.matching import address_form, phone_end
from shared.contracts.topology import SERVICES
from tests.bench.figures import (
    Bound,
    Line,
    NotMeasured,
    Result,
    Sense,
    percentile,
    steady_rate,
)
from tests.bench.load import Job
from tests.bench.rows.couples import COST, Couple, couples, known, logged_on, request
from tests.bench.rows.people import answers_to
from tests.bench.seeds import log_on_accounts
from tests.bench.site import Service, Site

FEW = 10_000  # accounts that merge knows, as anything is first measured
MANY = 100_000
OPTION = "MERGE_ACCOUNTS"
IDLE = 20  # merges of a round, one after the other
RATE = 100  # merges a second that are asked for then
BUSY = 200  # of them a round
LOOKS = 2.0  # seconds of a round, at the offer
WITHIN = 120.0
PHONE, ADDRESS = "217 555 0142", "12 Elm Street, Springfield, IL 62704"
FILL = """
WITH one AS (
    INSERT INTO merge.accounts (
        account_id, version, state, security_version, username, locale, time_zone, patient_ids
    )
    SELECT id, 1, 'active', 1, 'bench.known.' || id, 'en', 'UTC', ARRAY[id]
    FROM (SELECT gen_random_uuid() AS id FROM generate_series(1, $1::int)) AS made
    RETURNING account_id AS id
)
INSERT INTO merge.persons (
    patient_id, version, practice_id, account_id, last_name, first_name, birth_date, home_phone,
    address, phone_end, address_form
)
SELECT id, 1, id, id, 'Hale', 'June', date '1940-01-01' + (number % 25000)::int,
    '217555' || right('000000' || number, 6), number || ' Elm Street',
    right('000000' || number, 6), number || 'elmstreet'
FROM (SELECT id, row_number() OVER () AS number FROM one) AS numbered
"""
ENDED = """
SELECT extract(epoch FROM ended_at - requested_at)::float8 AS took,
    extract(epoch FROM ended_at)::float8 AS ended, refusal
FROM merge.merges WHERE merge_id = ANY ($1) AND ended_at IS NOT NULL
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Took:
    """Seconds of each merge of a phase, and how many of them ended in a second."""

    seconds: Sequence[float]
    rate: float

    def at(self, share: float) -> float:
        return percentile(self.seconds, share) * 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    idle: Took
    busy: Took
    offer_p50: float  # milliseconds
    offer_p99: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Merging:
    """One replica of each service, and somebody who has candidates."""

    site: Site
    identity: Service
    merge: Service
    alike: int  # her number

    async def once(self) -> Round:
        ready = await couples(self.site, self.identity, IDLE + BUSY)
        idle = await self.one_by_one(ready[:IDLE])
        busy = await self.at_rate(ready[IDLE:])
        looks = await self.looks()
        return Round(
            idle=idle,
            busy=busy,
            offer_p50=percentile(looks, 0.50) * 1000,
            offer_p99=percentile(looks, 0.99) * 1000,
        )

    async def one_by_one(self, ready: Sequence[Couple]) -> Took:
        """Each once the one before has ended."""
        ids: list[UUID] = []
        async with aiohttp.ClientSession() as http:
            for place, couple in enumerate(ready):
                ids.append(await request(http, self.merge, couple, place))
                await self.ended(ids)
        return await self.ended(ids)

    async def at_rate(self, ready: Sequence[Couple]) -> Took:
        """Each at its time, whatever becomes of those before."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        async with aiohttp.ClientSession() as http, asyncio.TaskGroup() as group:
            asked = []
            for place, couple in enumerate(ready):
                await asyncio.sleep(began + place / RATE - loop.time())
                asked.append(group.create_task(request(http, self.merge, couple, place)))
        return await self.ended([one.result() for one in asked])

    async def ended(self, ids: Sequence[UUID]) -> Took:
        """Wait until all have completed. Raises NotMeasured where one does not."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + WITHIN
        while len(rows := await self.site.database.fetch(ENDED, ids)) < len(ids):
            if loop.time() > deadline:
                raise NotMeasured(f"{len(ids) - len(rows)} merges did not end")
            await asyncio.sleep(0.01)
        if refused := {row["refusal"] for row in rows} - {None}:
            raise NotMeasured(f"merges were refused: {refused}")
        moments = [row["ended"] for row in rows]
        return Took(
            seconds=[row["took"] for row in rows],
            rate=steady_rate(moments) if len(rows) > 2 else 0.0,
        )

    async def looks(self) -> Sequence[float]:
        """Ask for her offer, one look after the other; seconds of each."""
        async with aiohttp.ClientSession() as http:
            access = await logged_on(http, self.identity, self.alike)
            said = {"Authorization": f"Bearer {access}"}
            url = f"http://{ports.LOOPBACK}:{self.merge.http_port}/offer"
            async with http.get(url, headers=said) as reply:
                if len((await reply.json())["candidates"]) != 1:
                    raise NotMeasured(f"not one candidate: {await reply.text()}")
        [answers] = await answers_to(
            Job(
                port=self.merge.http_port,
                path="/offer",
                method="GET",
                headers=said,
                connections=1,
                seconds=LOOKS,
            )
        )
        answers.must(200)
        return answers.took


async def measure(site: Site, rounds: int) -> Result:
    wanted = max(FEW, int(site.surroundings.inherited.get(OPTION, MANY)))
    extra = {"identity": {"PORTICO_BCRYPT_COST": str(COST)}}
    without = ("smtp", "smtp-practice")  # nobody here has an address
    async with site.services(*SERVICES, extra=extra, but=without) as services:
        identity, merge = (
            next(one for one in services if one.name == name) for name in ("identity", "merge")
        )
        merging = Merging(site=site, identity=identity, merge=merge, alike=await alike(site))
        await site.database.execute(FILL, FEW)
        few = await site.rounds(rounds, merging.once)
        await site.database.execute(FILL, wanted - FEW)
        many = await site.rounds(rounds, merging.once)
    return Result(
        row="merges",
        lines=(
            *lines(few, many),
            Line(
                what=f"whom to offer a merge, among {wanted:,} accounts, p50",
                unit="ms",
                ours=tuple(one.offer_p50 for one in many),
                ceiling=tuple(one.offer_p50 for one in few),
                ceiling_is=AMONG_FEW,
                bound=Bound(Sense.AT_MOST, 1.5),
                share=False,
            ),
            Line(
                what="  p99",
                unit="ms",
                ours=tuple(one.offer_p99 for one in many),
                ceiling=tuple(one.offer_p99 for one in few),
                ceiling_is=AMONG_FEW,
                share=False,
            ),
        ),
        notes=(
            f"merges: {IDLE} a round one after the other, then {BUSY} asked for at {RATE} a "
            f"second, by sessions with both proofs; merge knows {wanted:,} accounts, "
            f"{OPTION}=1000000 makes it so many",
        ),
    )


AMONG_FEW = f"the same among {FEW:,}"


def lines(few: Sequence[Round], many: Sequence[Round]) -> Sequence[Line]:
    """How long merges took, idle and at a rate."""
    return (
        Line(
            what="merge, accepted to completed, idle, p50",
            unit="ms",
            ours=tuple(one.idle.at(0.50) for one in many),
            ceiling=tuple(one.idle.at(0.50) for one in few),
            ceiling_is=AMONG_FEW,
            bound=Bound(Sense.AT_MOST, 1.5),
            share=False,
        ),
        Line(
            what="  p99",
            unit="ms",
            ours=tuple(one.idle.at(0.99) for one in many),
            bound=Bound(Sense.AT_MOST, 250.0),
        ),
        Line(
            what=f"  while {RATE} a second are asked for, p50",
            unit="ms",
            ours=tuple(one.busy.at(0.50) for one in many),
            ceiling=tuple(one.busy.at(0.50) for one in few),
            ceiling_is=AMONG_FEW,
            share=False,
        ),
        Line(
            what="  p99",
            unit="ms",
            ours=tuple(one.busy.at(0.99) for one in many),
            ceiling=tuple(one.busy.at(0.99) for one in few),
            ceiling_is=AMONG_FEW,
            share=False,
        ),
        Line(
            what="  and ended",
            unit="merges a second",
            ours=tuple(one.busy.rate for one in many),
            ceiling=(float(RATE),) * len(many),
            ceiling_is="asked for",
        ),
    )


async def alike(site: Site) -> int:
    """Somebody with two accounts that share name, date of birth, phone and address."""
    number: int = await site.database.fetchval("SELECT count(*) FROM identity.accounts")
    ids = await log_on_accounts(site, range(number, number + 2), cost=COST)
    told = (phone_end(PHONE), address_form(ADDRESS))
    await known(site, ids, PHONE, ADDRESS, *(each or "" for each in told))
    return number
