"""Security questions (RC-4): whether a name is somebody's, has questions or a lock, by the time of
the two that are asked, and of a 422 to answers.

Each name is asked for once, or its answers are tried once: wrong ones, and right ones where they
open nothing, under a lock and in a freeze.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import aiohttp
import msgspec

from deploy.local import ports
from services.recovery.questions.bank import BANK, drawn
from shared.trust.hashing import PasswordHasher
from tests.bench.load import Job
from tests.bench.rows import people
from tests.bench.site import Site
from tests.timing.accounts import COST, QUICK
from tests.timing.pairs import Door
from tests.timing.snapshots import STATES, Known, digests_of, known, nobodys

CODES = list(BANK)[:5]
RIGHT, WRONG = "barley soup", "no idea at all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What is sent of accounts with questions; without an answer they are asked for."""

    site: Site
    hashed: str
    answer: str | None = None

    @classmethod
    async def at(cls, site: Site, answer: str | None = None) -> "Tried":
        pepper = site.surroundings.of("recovery")["PORTICO_PEPPER"]
        hasher = PasswordHasher(pepper=pepper.encode(), cost=COST, wait=60)
        hashed = await hasher.hash(RIGHT)
        hasher.close()
        return cls(site=site, hashed=hashed, answer=answer)

    async def somebody(
        self, count: int, *, questions: bool = True, locked: bool = False, **said: Any
    ) -> Sequence[str]:
        """So many accounts, of which this is said."""
        made = await known(self.site, count, **said)
        pairs = await self._set(made) if questions else {}
        if locked:
            await self._lock(made)
        return [self.body(one.username, pairs.get(one.username)) for one in made]

    async def nobody(self, count: int) -> Sequence[str]:
        """Names like theirs that are nobody's."""
        return [self.body(name) for name in nobodys(count)]

    def body(self, name: str, pair: tuple[str, str] | None = None) -> str:
        said: dict[str, Any] = {"name": name}
        if self.answer is not None:
            said["answers"] = [
                {"code": code, "answer": self.answer} for code in pair or (CODES[0], CODES[1])
            ]
        return msgspec.json.encode(said).decode()

    async def _set(self, made: Sequence[Known]) -> dict[str, tuple[str, str]]:
        """Give each five questions; the two that each is asked, by her name."""
        rows = await self.site.database.fetch(
            """
            INSERT INTO recovery.security_questions
            SELECT account_id, gen_random_uuid(), $2, $3, 1, $4
            FROM unnest($1::uuid[]) AS owners (account_id)
            RETURNING account_id, set_id
            """,
            [one.owner for one in made],
            CODES,
            [self.hashed] * len(CODES),
            datetime.now(UTC),
        )
        sets = {row["account_id"]: str(row["set_id"]) for row in rows}
        of = partial(digests_of(self.site).of, "questions-asked")
        return {one.username: drawn(of(sets[one.owner]), CODES) for one in made}

    async def _lock(self, made: Sequence[Known]) -> None:
        """As three wrong calls have."""
        now = datetime.now(UTC)
        await self.site.database.copy_records_to_table(
            "question_rounds",
            schema_name="recovery",
            columns=(
                *("key", "account_id", "attempts", "locks", "draw", "locked_until", "told"),
                *("opened", "counted_at"),
            ),
            records=[
                (
                    *(one.owner.bytes * 2, one.owner, 3, 1, 0, now + timedelta(days=1), True),
                    *(False, now),
                )
                for one in made
            ],
        )


@asynccontextmanager
async def asked(site: Site) -> AsyncIterator[Door]:
    """Hold recovery alone."""
    tried = await Tried.at(site)
    async with site.services("recovery", extra=QUICK, but=("sessions",)) as (recovery,):
        yield Door(
            job=Job(port=recovery.http_port, path="/resets/questions", headers=people.JSON),
            accepted=200,
            known=tried.somebody,
            others={
                "unknown": tried.nobody,
                **{name: partial(tried.somebody, **said) for name, said in STATES.items()},
                "no questions": partial(tried.somebody, questions=False),
                "locked": partial(tried.somebody, locked=True),
                "reset by practice": partial(tried.somebody, reset_by_practice=True),
            },
        )


@asynccontextmanager
async def answered(site: Site) -> AsyncIterator[Door]:
    """Hold recovery alone: what a lock leads to goes on behind the replies."""
    wrong, right = await Tried.at(site, WRONG), await Tried.at(site, RIGHT)
    async with site.services("recovery", extra=QUICK, but=("sessions",)) as (recovery,):
        job = Job(port=recovery.http_port, path="/resets/questions/answers", headers=people.JSON)
        await must_open(job, *await right.somebody(1), *await right.somebody(1, absorbed=True))
        yield Door(
            job=job,
            accepted=422,
            known=wrong.somebody,
            others={
                "unknown": wrong.nobody,
                **{name: partial(wrong.somebody, **said) for name, said in STATES.items()},
                "no questions": partial(wrong.somebody, questions=False),
                "locked": partial(wrong.somebody, locked=True),
                "reset by practice": partial(wrong.somebody, reset_by_practice=True),
                "locked, answered right": partial(right.somebody, locked=True),
                "merged and locked, answered right": partial(
                    right.somebody, locked=True, absorbed=True
                ),
                "frozen, answered right": partial(right.somebody, **STATES["frozen"]),
                "reset by practice, answered right": partial(
                    right.somebody, reset_by_practice=True
                ),
            },
        )


async def must_open(job: Job, *bodies: str) -> None:
    """See that what is said to be right is: else its time shows nothing."""
    url = f"http://{ports.LOOPBACK}:{job.port}{job.path}"
    async with aiohttp.ClientSession() as http:
        for body in bodies:
            await people.answered(http, url, body.encode(), people.JSON)
