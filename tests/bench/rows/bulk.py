"""A practice's patients submitted by the thousand, against bare inserts of the same rows (EN-6)."""

import itertools
import os
from datetime import date

import aiohttp
import msgspec

from deploy.local import ports
from deploy.local.addresses import PracticeCredentials
from tests.bench.figures import Line, Measured, NotMeasured, Result
from tests.bench.rows.people import FORM, answered, basic
from tests.bench.site import Site
from tests.bench.watch import Watch, costs

CALLS = 5  # a round, one after the other
ROWS = 1000  # a call
LAST_NAME, FIRST_NAME, BORN = "Hale", "Juniper", date(1988, 4, 17)
UNBOUND = {"identity": {"PORTICO_CLIENT_RECORDS_AN_HOUR": "1000000"}}  # ST-1's budget is less
BARE = """
CREATE TABLE IF NOT EXISTS public.bare_patients (
    number text PRIMARY KEY, last_name text NOT NULL, first_name text NOT NULL,
    birth_date date NOT NULL, email text
)
"""
INSERT = """
INSERT INTO public.bare_patients
SELECT number, $2, $3, $4, number || '@mail.example' FROM unnest($1::text[]) AS number
"""


async def measure(site: Site, rounds: int) -> Result:
    async with (
        site.services("identity", extra=UNBOUND) as (identity,),
        aiohttp.ClientSession() as http,
    ):
        place = ("--contact", "+1 555 0100", "--locale", "en", "--time-zone", "America/New_York")
        made = await site.verb("identity", "practice", "add", "Birch", *place, "--json")
        practice = msgspec.json.decode(made, type=PracticeCredentials)
        await site.database.execute(BARE)
        base = f"http://{ports.LOOPBACK}:{identity.http_port}"
        numbers = itertools.count()

        async def once() -> tuple[Measured, Measured]:
            token = (
                await answered(
                    http,
                    f"{base}/oauth/token",
                    b"grant_type=client_credentials",
                    {**FORM, "Authorization": basic(practice)},
                )
            )["access_token"]
            calls = [[f"N-{next(numbers)}" for _ in range(ROWS)] for _ in range(CALLS)]
            watch = Watch.over({"inserts": os.getpid()})
            for call in calls:
                await site.database.execute(INSERT, call, LAST_NAME, FIRST_NAME, BORN)
            bare = watch.measured(CALLS * ROWS)
            bodies = [body(call) for call in calls]
            watch = site.watch(identity)
            for said in bodies:
                await submit(http, base, token, said)
            return bare, watch.measured(CALLS * ROWS)

        bare, ours = zip(*await site.rounds(rounds, once), strict=True)
    return Result(
        row="bulk",
        lines=(
            Line(
                what="patients submitted in bulk",
                unit="rows a second",
                ours=tuple(one.rate for one in ours),
                ceiling=tuple(one.rate for one in bare),
                ceiling_is="asyncpg, one INSERT a thousand",
            ),
            Line(
                what="  its CPU a row",
                unit="µs",
                ours=tuple(one.cpu_each for one in ours),
            ),
        ),
        notes=(
            f"bulk: {CALLS} calls of {ROWS} rows a round, one at a time; ours also reads and "
            "judges each row, keeps the names it is found by, its audit row and its snapshot",
            costs("bulk", "row", ours),
        ),
    )


def body(numbers: list[str]) -> bytes:
    """A call with these numbers."""
    rows = [
        {
            "number": number,
            "last_name": LAST_NAME,
            "first_name": FIRST_NAME,
            "birth_date": BORN,
            "email": f"{number}@mail.example",
        }
        for number in numbers
    ]
    said = {"staff_id": "bench", "reason": "to be measured", "patients": rows}
    return msgspec.json.encode(said)


async def submit(http: aiohttp.ClientSession, base: str, token: str, said: bytes) -> None:
    """Raises NotMeasured where a row is not new."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    url = f"{base}/practice/patients/bulk"
    async with http.post(url, data=said, headers=headers) as response:
        text = await response.read()
    if response.status != 200 or text.count(b'"registered"') != ROWS:
        raise NotMeasured(f"{response.status}: {text[:200]!r}")
