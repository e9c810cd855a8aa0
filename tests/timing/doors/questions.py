"""Two security questions answered (RC-4): whether a name is somebody's, has questions or a lock, by
the time of a 422.

Each name is tried once, with wrong answers.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import msgspec

from services.recovery.questions.bank import BANK
from shared.contracts.identity import AccountState, EnrolmentState
from shared.trust.hashing import PasswordHasher
from tests.bench.load import Job
from tests.bench.rows.people import JSON
from tests.bench.seeds import known_accounts, name_of
from tests.bench.site import Site
from tests.timing.accounts import COST, QUICK
from tests.timing.pairs import Door

CODES = list(BANK)[:5]


@asynccontextmanager
async def opened(site: Site) -> AsyncIterator[Door]:
    """Hold recovery alone: what a lock leads to goes on behind the replies."""
    with_questions = partial(tried, site)
    async with site.services("recovery", extra=QUICK, but=("sessions",)) as (recovery,):
        yield Door(
            job=Job(port=recovery.http_port, path="/resets/questions/answers", headers=JSON),
            accepted=422,
            known=with_questions,
            others={
                "known as well": with_questions,  # what the lab itself adds
                "unknown": nobody,
                "no questions": partial(tried, site, questions=False),
                "locked": partial(tried, site, locked=True),
                "frozen": partial(tried, site, state=AccountState.FROZEN),
                "reset by practice": partial(tried, site, reset_by_practice=True),
                "merged": partial(tried, site, state=AccountState.MERGED),
                "un-enrolled": partial(tried, site, enrolled=EnrolmentState.UNENROLLED),
            },
        )


async def tried(
    site: Site, count: int, *, questions: bool = True, locked: bool = False, **said: Any
) -> Sequence[str]:
    """Answers for so many accounts, of which this is said."""
    names = [name_of(number) for number in await known_accounts(site, count, **said)]
    if questions:
        pepper = site.surroundings.of("recovery")["PORTICO_PEPPER"]
        hasher = PasswordHasher(pepper=pepper.encode(), cost=COST, wait=60)
        hashed = await hasher.hash("barley soup")
        hasher.close()
        await site.database.execute(
            """
            INSERT INTO recovery.security_questions
            SELECT account_id, gen_random_uuid(), $2, $3, 1, $4 FROM recovery.accounts
            WHERE username = ANY ($1)
            """,
            names,
            CODES,
            [hashed] * len(CODES),
            datetime.now(UTC),
        )
    if locked:
        await lock(site, names)
    return [answered(name) for name in names]


async def lock(site: Site, names: Sequence[str]) -> None:
    """As three wrong calls have."""
    now = datetime.now(UTC)
    rows = await site.database.fetch(
        "SELECT account_id FROM recovery.accounts WHERE username = ANY ($1)", list(names)
    )
    await site.database.copy_records_to_table(
        "question_rounds",
        schema_name="recovery",
        columns=(
            *("key", "account_id", "attempts", "locks", "draw", "locked_until", "told", "opened"),
            "counted_at",
        ),
        records=[
            (
                row["account_id"].bytes * 2,
                *(row["account_id"], 3, 1, 0, now + timedelta(days=1), True, False, now),
            )
            for row in rows
        ],
    )


async def nobody(count: int) -> Sequence[str]:
    """Names like theirs that are nobody's."""
    return [answered(f"bench.nobody.{number}") for number in range(count)]


def answered(name: str) -> str:
    """Answers to two of the bank, whichever are asked: wrong ones."""
    answers = [{"code": code, "answer": "no idea at all"} for code in CODES[:2]]
    return msgspec.json.encode({"name": name, "answers": answers}).decode()
