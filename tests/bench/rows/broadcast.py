"""A practice's broadcast by HTTP with five resets in its midst, against the bare chain."""

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import aiohttp
import msgspec

from deploy.local import ports
from deploy.local.addresses import PracticeCredentials
from shared.contracts.ids import PatientId, PracticeId
from shared.contracts.notify import Topic
from tests.bench.figures import (
    Bound,
    Line,
    Measured,
    NotMeasured,
    Result,
    Sense,
    percentile,
)
from tests.bench.load import Job, Jobs, Outcome
from tests.bench.processes import outcome_of
from tests.bench.rows.mailed import (
    CHAIN_IS,
    Mailing,
    chained,
    cpu_of_all,
    mailing,
    mails_to,
    resets_of,
    to,
)
from tests.bench.rows.people import FORM, JSON, answered, basic
from tests.bench.seeds import known_accounts, patients
from tests.bench.site import Site
from tests.bench.users import Users
from tests.bench.watch import Watch, costs

MAILS = 2_000  # a round: with 10,000 a row would take minutes on two cores
SENDERS = 16  # connections of the practice's system
RESETS = 5
BEGUN = 0.1  # this part of the broadcast is out when the first reset is asked for
WITHIN = 60.0  # seconds for the whole broadcast
HEARD_OF = "SELECT EXISTS (SELECT FROM notify.practices)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    ours: Measured
    chain: Measured
    idle: float  # milliseconds from a reset's request to its mail, p50
    amidst: float  # the same while the broadcast goes out


async def measure(site: Site, rounds: int) -> Result:
    async with mailing(site) as ours, chained(site, ours.sink) as chain:
        practice = await a_practice(site)
        recipients = range(site.known, site.known + MAILS)
        site.known += MAILS
        known = await patients(site, PracticeId(UUID(practice.practice_id)), recipients)
        references = itertools.count()

        async def once() -> Round:
            numbers = await known_accounts(site, 2 * RESETS)
            idle = Users(sink=ours.sink, job=ours.resets)
            await idle.ask(resets_of(numbers[:RESETS]), users=1)
            bare = msgspec.structs.replace(
                chain.mails, bodies=tuple(ask.body for ask in mails_to(recipients))
            )
            raw = await gone_out(ours, bare, chain.watch(), 0)
            job = await communications(ours, practice, known, references)
            amidst = Users(sink=ours.sink, job=ours.resets)
            mailed, _ = await asyncio.gather(
                gone_out(ours, job, ours.watch(), RESETS),
                in_the_midst(ours, amidst, numbers[RESETS:]),
            )
            return Round(
                ours=mailed,
                chain=raw,
                idle=percentile(idle.took, 0.5) * 1000,
                amidst=percentile(amidst.took, 0.5) * 1000,
            )

        done = await site.rounds(rounds, once)
    return Result(
        row="broadcast",
        lines=(
            Line(
                what=f"broadcast of {MAILS:,} by HTTP, {RESETS} resets in its midst",
                unit="mails a second",
                ours=tuple(one.ours.rate for one in done),
                ceiling=tuple(one.chain.rate for one in done),
                ceiling_is=CHAIN_IS,
                bound=Bound(Sense.AT_LEAST, 0.50),
            ),
            Line(
                what="  a reset's mail in its midst, p50",
                unit="ms",
                ours=tuple(one.amidst for one in done),
                ceiling=tuple(one.idle for one in done),
                ceiling_is="the same, idle",
                bound=Bound(Sense.AT_MOST, 2.0),
                share=False,
            ),
            cpu_of_all("mail", [one.ours for one in done], [one.chain for one in done]),
        ),
        notes=(
            f"broadcast: {MAILS} communications a round of one practice, each to a patient of its "
            f"own, over {SENDERS} connections, from the first request to the last mail",
            costs("broadcast", "mail", [one.ours for one in done]),
        ),
    )


async def a_practice(site: Site) -> PracticeCredentials:
    """A practice with its client."""
    place = ("--contact", "+1 555 0100", "--locale", "en", "--time-zone", "America/New_York")
    made = await site.verb("identity", "practice", "add", "Lindenhof", *place, "--json")
    practice = msgspec.json.decode(made, type=PracticeCredentials)
    await site.until(HEARD_OF)
    return practice


async def communications(
    ours: Mailing,
    practice: PracticeCredentials,
    known: Sequence[PatientId],
    references: "itertools.count[int]",
) -> Job:
    """Something waits for each of these patients; the token is new, for it lives five minutes."""
    async with aiohttp.ClientSession() as http:
        client = await answered(
            http,
            f"http://{ports.LOOPBACK}:{ours.of('identity').http_port}/oauth/token",
            b"grant_type=client_credentials",
            {**FORM, "Authorization": basic(practice)},
        )
    return msgspec.structs.replace(
        to("/communications", ours.of("notify").http_port),
        headers={**JSON, "Authorization": f"Bearer {client['access_token']}"},
        bodies=tuple(
            msgspec.json.encode(
                {
                    "patient_id": patient_id,
                    "topic": Topic.HEALTH_RECORD,
                    "reference": f"broadcast-{next(references)}",
                }
            ).decode()
            for patient_id in known
        ),
    )


async def gone_out(ours: Mailing, job: Job, watch: Watch, besides: int) -> Measured:
    """Submit all of it, and wait for the last mail; `besides` mails come by another way."""
    ours.sink.moments.clear()
    job = msgspec.structs.replace(job, connections=SENDERS)
    [answers] = (await outcome_of("tests.bench.load", Jobs((job,)), Outcome)).answers
    answers.must(202)
    if not await ours.sink.until(len(job.bodies) + besides, within=WITHIN):
        raise NotMeasured(f"{len(ours.sink.moments)} of {len(job.bodies)} mails came")
    seconds = max(ours.sink.moments) - (answers.ended[0] - answers.took[0])
    return watch.measured(len(job.bodies), seconds=seconds)


async def in_the_midst(ours: Mailing, users: Users, numbers: Sequence[int]) -> None:
    """Ask for resets one after the other, once the broadcast is well on its way."""
    if not await ours.sink.until(int(MAILS * BEGUN), within=WITHIN):
        raise NotMeasured("the broadcast did not begin")
    await users.ask(resets_of(numbers), users=1)
