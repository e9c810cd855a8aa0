"""Once-only validation (RC-6): whether a name is somebody's, or its fields are right, by the time
of the question that comes of them, and of the 422 to an answer.

Somebody known is one whose way is open and whose fields are right: she has no account e-mail. Each
name is asked about once, and each question answered once, by "none of these".
"""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from ipaddress import IPv4Address
from typing import Any

import aiohttp
import msgspec

from deploy.local import ports
from deploy.local.provision import connected
from services.recovery.projections.store import persons
from services.recovery.validation.decoys import COUNT
from shared.contracts.ids import AccountId, PatientId
from tests.bench.load import FIRST_SOURCE
from tests.bench.rows import people
from tests.bench.rows.mailed import Mailing, mailing, to
from tests.bench.site import Site
from tests.builders import events
from tests.timing.pairs import Door
from tests.timing.snapshots import ELM_STREET, RANDOMNESS, STATES, known, nobodys

PHONE, ADDRESS = "213 555 0142", "12 Elm Street, Springfield, IL 62704"
ASK, ANSWER = "/resets/validations", "/resets/validations/answer"
AT_ONCE = 8  # questions that are asked for
SOURCES = itertools.count(FIRST_SOURCE + 2**20)  # of them, beside those of what is timed
OPEN: Mapping[str, Any] = {"email": None}
Typed = Callable[[int], Awaitable[Sequence[str]]]


@asynccontextmanager
async def asked(site: Site) -> AsyncIterator[Door]:
    """Hold all services."""
    async with mailing(site) as ours:
        yield Door(
            job=to(ASK, ours.of("recovery").http_port),
            accepted=200,
            known=partial(fields, site),
            others=classes(site),
        )


@asynccontextmanager
async def answered(site: Site) -> AsyncIterator[Door]:
    """Hold all services."""
    async with mailing(site) as ours:
        yield Door(
            job=to(ANSWER, ours.of("recovery").http_port),
            accepted=422,
            known=partial(answers, ours, partial(fields, site)),
            others={name: partial(answers, ours, made) for name, made in classes(site).items()},
        )


def classes(site: Site) -> dict[str, Typed]:
    """What is typed of everybody else."""
    return {
        "unknown": nobody,
        **{name: partial(fields, site, **{**OPEN, **said}) for name, said in STATES.items()},
        "wrong fields": partial(fields, site, typed={"first_name": "June"}),
        "an account e-mail": partial(fields, site, email="somebody@mail.example"),
        "used before": partial(fields, site, validated=True),
    }


async def fields(
    site: Site, count: int, typed: Mapping[str, str] | None = None, **said: Any
) -> Sequence[str]:
    """What the holders of so many accounts type, each with a record of its own."""
    made = await known(site, count, **{**OPEN, **said})
    async with connected(site.surroundings.database.url("recovery")) as connection:
        await persons.keep(
            connection,
            *(
                events.received(
                    events.person(
                        ELM_STREET,
                        PatientId(RANDOMNESS.uuid()),
                        AccountId(one.account_id),
                        home_phone=PHONE,
                        address=ADDRESS,
                    ),
                    version=1,
                    time=datetime.now(UTC),
                )
                for one in made
            ),
        )
        await connection.execute("ANALYZE persons")
    return [body(one.username, **(typed or {})) for one in made]


async def nobody(count: int) -> Sequence[str]:
    """The same with names that are nobody's."""
    return [body(name) for name in nobodys(count)]


async def answers(ours: Mailing, asking: Typed, count: int) -> Sequence[str]:
    """None of the four, to as many questions as these fields bring up."""
    url = f"http://{ports.LOOPBACK}:{ours.of('recovery').http_port}{ASK}"
    turns = asyncio.Semaphore(AT_ONCE)

    async def answer(http: aiohttp.ClientSession, typed: str) -> str:
        headers = {**people.JSON, "X-Forwarded-For": str(IPv4Address(next(SOURCES)))}
        async with turns:
            question = await people.answered(http, url, typed.encode(), headers)
        said = {"challenge": question["challenge"], "choice": COUNT}
        return msgspec.json.encode(said).decode()

    async with aiohttp.ClientSession() as http:
        return await asyncio.gather(*(answer(http, typed) for typed in await asking(count)))


def body(username: str, **typed: str) -> str:
    said = {
        "username": username,
        "birth_date": events.BIRTH_DATE.isoformat(),
        "last_name": events.LAST_NAME,
        "first_name": events.FIRST_NAME,
        "home_phone": PHONE,
    }
    return msgspec.json.encode({**said, **typed}).decode()
