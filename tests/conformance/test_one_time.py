"""One-time secrets: whatever its purpose, one is live, one use wins, and none outlives its end."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from shared import one_time
from shared.db import Database, Row, UniqueViolation
from shared.one_time import Mint, Minted, Purpose, Secret
from shared.program.own_loops import SWEPT, swept
from shared.randomness import Randomness
from shared.trust.public_keys import PublicKeys
from shared.trust.sealing import Sealer
from shared.trust.tokens import Digests
from tests.conformance.declared import declared
from tests.support import database as databases
from tests.support.clock import FakeClock

RACERS = 64
OWNER = UUID(int=1)
TICK = timedelta(microseconds=1)
PURPOSES = declared(Purpose)
BY_NAME = {(service, purpose.name): purpose for (service, _), purpose in PURPOSES.items()}
BOUNDED = [
    (service, purpose, kind) for (service, _), purpose in BY_NAME.items() for kind in purpose.tries
]

every_purpose = pytest.mark.parametrize(
    ("service", "purpose"),
    [(service, purpose) for (service, _), purpose in BY_NAME.items()],
    ids=[f"{service} {name}" for service, name in BY_NAME],
)
every_single_one = pytest.mark.parametrize(
    ("service", "purpose"),
    [(service, purpose) for (service, _), purpose in BY_NAME.items() if not purpose.several],
    ids=[f"{service} {name}" for (service, name), one in BY_NAME.items() if not one.several],
)
each_of_several = pytest.mark.parametrize(
    ("service", "purpose"),
    [(service, purpose) for (service, _), purpose in BY_NAME.items() if purpose.several],
    ids=[f"{service} {name}" for (service, name), one in BY_NAME.items() if one.several],
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """A service's secrets of one purpose."""

    database: Database
    clock: FakeClock
    mint: Mint
    purpose: Purpose
    known: dict[str, bytes] = field(default_factory=dict)
    """By its text, how one of few digits is found by who knows its owner."""

    def made(self, *, owner: UUID = OWNER, **options: Any) -> Minted:
        made = self.mint.make(
            self.purpose, owner, life=self.purpose.longest, now=self.clock.now(), **options
        )
        if self.purpose.digits is not None:
            self.known[made.text] = made.secret.digest
        return made

    async def issued(self, **options: Any) -> Minted:
        made = self.made(**options)
        await self.keep(made)
        return made

    async def keep(self, *made: Minted) -> None:
        secrets = [one.secret for one in made]
        async with self.database.transaction() as tx:
            await one_time.issue(tx, self.purpose, secrets, now=self.clock.now())

    def digest(self, typed: str) -> bytes:
        return self.known.get(typed) or self.purpose.digest(self.mint.digests, typed)

    async def use(self, typed: str, *, owner: UUID | None = None) -> Secret | None:
        async with self.database.transaction() as tx:
            return await one_time.use(
                tx, self.purpose, self.digest(typed), owner=owner, now=self.clock.now()
            )

    async def void(self, *, wait: bool = True) -> None:
        async with self.database.transaction() as tx:
            await one_time.void(tx, self.purpose, OWNER, now=self.clock.now(), wait=wait)

    async def count(self, typed: str, kind: str) -> None:
        async with self.database.transaction() as tx:
            await one_time.count_try(
                tx, self.purpose, self.digest(typed), kind, now=self.clock.now()
            )

    async def rows(self) -> list[Row]:
        async with self.database.connection() as connection:
            return list(
                await connection.fetch("SELECT *, s::text AS whole FROM one_time_secrets AS s")
            )

    async def states(self) -> list[str]:
        return sorted(row["state"] for row in await self.rows())


@pytest_asyncio.fixture
async def shelf(
    database: databases.Database, clock: FakeClock, service: str, purpose: Purpose
) -> AsyncIterator[Shelf]:
    pool = Database(database.url(service), application="test", size=16, wait=60.0)
    keys = PublicKeys(database=pool, clock=clock, own_issuer=service)
    yield Shelf(
        database=pool,
        clock=clock,
        mint=Mint(
            randomness=Randomness(),
            digests=Digests(bytes(range(32))),
            sealer=Sealer(public_keys=keys, clock=clock, issuer="notify"),
        ),
        purpose=purpose,
    )
    await pool.close()


def test_no_two_purposes_of_a_service_have_one_name() -> None:
    assert len(BY_NAME) == len(PURPOSES) > 0


@every_purpose
async def test_of_64_who_use_it_at_once_one_does(shelf: Shelf) -> None:
    made = await shelf.issued()

    used = await asyncio.gather(*(shelf.use(made.text) for _ in range(RACERS)))

    assert [one.id for one in used if one] == [made.secret.id]
    assert await shelf.states() == ["used"]


@every_single_one
async def test_of_64_issued_at_once_one_is_live(shelf: Shelf) -> None:
    made = [shelf.made() for _ in range(RACERS)]

    issued = await asyncio.gather(*(shelf.keep(one) for one in made), return_exceptions=True)

    failed = [error for error in issued if error is not None]
    assert all(isinstance(error, UniqueViolation) for error in failed)
    assert (await shelf.states()).count("live") == 1
    assert len([one for one in made if await shelf.use(one.text)]) == 1


@each_of_several
async def test_of_several_a_newer_one_ends_none_and_an_end_is_all_of_theirs(shelf: Shelf) -> None:
    made = [shelf.made() for _ in range(RACERS)]
    await asyncio.gather(*(shelf.keep(one) for one in made))

    first = await shelf.use(made[0].text)
    await shelf.void()

    assert first is not None
    assert Counter(await shelf.states()) == {"used": 1, "void": RACERS - 1}


@every_single_one
async def test_beside_a_newer_one_and_an_end_the_older_is_used_once_or_not_at_all(
    shelf: Shelf,
) -> None:
    older, newer = await shelf.issued(), shelf.made()

    used = await asyncio.gather(
        *(shelf.use(older.text) for _ in range(RACERS // 2)),
        shelf.keep(newer),
        *(shelf.void(wait=turn % 2 == 0) for turn in range(RACERS // 2)),
    )

    winners = [one for one in used if one is not None]
    assert len(winners) <= 1
    states = {row["id"]: row["state"] for row in await shelf.rows()}
    assert (states[older.secret.id] == "used") == bool(winners)
    assert states[older.secret.id] != "live"
    assert await shelf.use(older.text) is None


@pytest.mark.parametrize(
    ("service", "purpose", "kind"),
    BOUNDED,
    ids=[f"{service} {purpose.name} {kind}" for service, purpose, kind in BOUNDED],
)
async def test_of_64_tries_exactly_those_that_are_allowed_are_counted(
    shelf: Shelf, kind: str
) -> None:
    made, allowed = await shelf.issued(), shelf.purpose.tries[kind]
    for _ in range(allowed - 1):
        await shelf.count(made.text, kind)
    [before] = await shelf.rows()

    await asyncio.gather(*(shelf.count(made.text, kind) for _ in range(RACERS)))

    [after] = await shelf.rows()
    assert before["state"] == "live"
    assert (after["state"], after["ended_at"]) == ("void", shelf.clock.now())
    assert after["tries"] == f'{{"{kind}": {allowed}}}'
    assert await shelf.use(made.text) is None


@every_purpose
async def test_it_opens_until_its_end_and_no_longer(shelf: Shelf) -> None:
    early, late = await shelf.issued(owner=UUID(int=1)), await shelf.issued(owner=UUID(int=2))
    life = shelf.purpose.longest.total_seconds()

    shelf.clock.advance(seconds=life - 1)
    used = await shelf.use(early.text)
    shelf.clock.advance(seconds=1)

    assert used is not None
    assert used.expires_at == shelf.clock.now()
    assert await shelf.use(late.text) is None


@every_purpose
async def test_no_setting_makes_it_live_longer_than_its_purpose_says(shelf: Shelf) -> None:
    with pytest.raises(ValueError, match="at most"):
        shelf.mint.make(
            shelf.purpose, OWNER, life=shelf.purpose.longest + TICK, now=shelf.clock.now()
        )


@every_purpose
async def test_only_its_owner_and_its_purpose_can_use_it(shelf: Shelf) -> None:
    made = await shelf.issued()
    other = Purpose(name="another", longest=shelf.purpose.longest, symbols=shelf.purpose.symbols)
    assert other.digest(shelf.mint.digests, made.text) != made.secret.digest

    async with shelf.database.transaction() as tx:
        elsewhere = [
            await one_time.use(tx, other, digest, now=shelf.clock.now())
            for digest in (made.secret.digest, other.digest(shelf.mint.digests, made.text))
        ]

    assert elsewhere == [None, None]
    assert await shelf.use(made.text, owner=UUID(int=2)) is None
    assert await shelf.use(made.text, owner=OWNER) is not None


@every_single_one
async def test_a_withheld_one_is_a_row_like_any_other_and_opens_nothing(shelf: Shelf) -> None:
    older = await shelf.issued()

    withheld = await shelf.issued(withheld=True)

    assert await shelf.states() == ["superseded", "withheld"]
    assert await shelf.use(older.text) is None
    assert await shelf.use(withheld.text) is None


@pytest.mark.proves("V6.5.2")
@every_purpose
async def test_its_text_is_kept_nowhere(shelf: Shelf) -> None:
    made = await shelf.issued()

    [row] = await shelf.rows()

    assert made.text not in row["whole"]
    assert made.text not in repr(made)
    assert len(made.text) == length(shelf.purpose)
    assert row["digest"] == shelf.digest(made.text) == made.secret.digest


def length(purpose: Purpose) -> int:
    """Of its text."""
    if purpose.digits is not None:
        return purpose.digits
    if purpose.symbols is not None:
        return purpose.symbols + (purpose.symbols - 1) // one_time.GROUP
    return 43


@every_purpose
async def test_it_is_swept_once_nobody_asks_for_it_and_not_before(shelf: Shelf) -> None:
    async def sweep() -> int:
        return await swept(shelf.database, one_time.SWEEP, before=shelf.clock.now())

    await shelf.keep(*(shelf.made(owner=UUID(int=1 + n)) for n in range(SWEPT + 1)))
    kept = shelf.purpose.longest + shelf.purpose.kept

    shelf.clock.advance(seconds=kept.total_seconds() - 1)
    early = await sweep()
    shelf.clock.advance(seconds=1)
    rounds = [await sweep() for _ in range(2)]

    assert early == 0
    assert rounds == [SWEPT, 1]
    assert await shelf.rows() == []
