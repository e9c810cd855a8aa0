"""AU-1, ST-1: who is refused at a guard leaves a row, and a flood of refusals a bounded few."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from shared.audit.chain import AuditChain
from shared.audit.entries import Entry, Origin
from shared.audit.floods import A_MINUTE, OVERALL, Floods, Party
from shared.audit.verification import AuditVerification
from shared.progress import Progress
from tests.support.clock import FakeClock
from tests.support.lines import logged
from tests.support.shop import PRACTICE, Stall, open_stall

ANN = "198.51.100.9"
pytestmark = pytest.mark.proves("AU-1")


async def stock(stall: Stall, authorization: str | None, source: str = ANN) -> int:
    headers = {"X-Forwarded-For": source}
    if authorization is not None:
        headers["Authorization"] = authorization
    response = await stall.client.post("/stock", json={"word": "tea"}, headers=headers)
    return response.status


async def entries(stall: Stall, columns: str) -> list[tuple[Any, ...]]:
    async with stall.shop.database.connection() as connection:
        rows = await connection.fetch(
            f"SELECT {columns} FROM audit_entries ORDER BY at, id"  # noqa: S608 - of this module
        )
    return [tuple(row) for row in rows]


@pytest.mark.proves("ST-1")
@pytest.mark.parametrize(
    ("authorization", "status", "row"),
    [
        (None, 401, ("anonymous", None, None, "unauthenticated")),
        ("Bearer forged", 401, ("anonymous", None, None, "access_token_invalid")),
        ("Bearer person", 403, (f"account:{UUID(int=1)}", None, None, "forbidden_scope")),
        ("Bearer reader", 403, ("client:shop-1", "shop-1", str(PRACTICE), "forbidden_scope")),
        ("Bearer gateway", 403, ("client:shop-1", "shop-1", None, "forbidden_scope")),
    ],
)
async def test_a_refusal_at_a_guard_leaves_a_row_that_says_who_and_which_verb(
    stall: Stall, authorization: str | None, status: int, row: tuple[Any, ...]
) -> None:
    assert await stock(stall, authorization) == status

    assert await entries(stall, "actor, client, practice, detail, action, outcome, source") == [
        (*row, "stock", "refused", ANN)
    ]


@pytest.mark.parametrize(
    ("token", "status", "outcomes"), [("practice", 200, [("done",)]), ("stale", 401, [])]
)
async def test_what_is_let_in_or_only_waits_for_our_stream_leaves_no_such_row(
    stall: Stall, token: str, status: int, outcomes: list[tuple[str]]
) -> None:
    assert await stock(stall, f"Bearer {token}") == status

    assert await entries(stall, "outcome") == outcomes


@pytest.mark.parametrize("authorization", [None, "Bearer reader"])
async def test_a_flood_leaves_so_many_rows_a_minute_and_one_that_counts_the_rest(
    stall: Stall, clock: FakeClock, authorization: str | None
) -> None:
    answers = await asyncio.gather(*(stock(stall, authorization) for _ in range(150)))
    assert set(answers) == {401 if authorization is None else 403}
    assert len(await entries(stall, "id")) == A_MINUTE
    assert await stall.shop.audit.tell_floods(stall.shop.database) == 0  # the minute goes on

    clock.advance(minutes=1)
    assert await stall.shop.audit.tell_floods(stall.shop.database) == 150 - A_MINUTE

    [*_, told] = await entries(stall, "action, outcome, detail, actor")
    actor = "anonymous" if authorization is None else "client:shop-1"
    assert told == ("refusals", "refused", f"left_out:{150 - A_MINUTE}", actor)
    assert await stock(stall, authorization) in (401, 403)
    assert len(await entries(stall, "id")) == A_MINUTE + 2
    chain = AuditChain(database=stall.shop.database, clock=clock)
    await chain.once()
    verification = AuditVerification(database=stall.shop.database, clock=clock)
    verified = await verification.verify(Progress())
    assert "chain whole to place" in verified


async def test_a_flood_from_one_source_hides_no_refusal_of_another(stall: Stall) -> None:
    await asyncio.gather(*(stock(stall, None) for _ in range(A_MINUTE + 20)))

    await stock(stall, None, "203.0.113.1")

    assert len(await entries(stall, "id")) == A_MINUTE + 1


async def test_with_the_database_away_the_refusal_is_told_and_logged() -> None:
    with logged() as written:
        async with open_stall() as stall:
            assert await stock(stall, None) == 401

    [line] = written.read_back("refusal_not_audited")
    assert line["operation"] == "stock"


async def test_what_could_not_be_written_is_not_forgotten(
    stall: Stall, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await asyncio.gather(*(stock(stall, None) for _ in range(A_MINUTE + 5)))
    clock.advance(minutes=1)
    monkeypatch.setattr(stall.shop.audit, "write", fails)
    with pytest.raises(LookupError):
        await stall.shop.audit.tell_floods(stall.shop.database)
    monkeypatch.undo()

    assert await stall.shop.audit.tell_floods(stall.shop.database) == 5


async def fails(*_: Any, **__: Any) -> None:
    raise LookupError


async def test_a_flood_of_strangers_hides_no_refusal_of_who_is_known(stall: Stall) -> None:
    for number in range(OVERALL + 1):
        origin = Origin(
            actor="anonymous", source=f"2001:db8:0:{number:x}::/64", correlation_id=UUID(int=number)
        )
        written = stall.shop.audit.admits(origin, at_the_guard=True)
    assert not written

    assert await stock(stall, "Bearer reader") == 403

    assert await entries(stall, "actor") == [("client:shop-1",)]


def test_many_addresses_together_are_bounded_as_well(clock: FakeClock) -> None:
    floods = Floods()

    def admitted(number: int, *, at_the_guard: bool = True) -> bool:
        party = Party("anonymous", f"2001:db8:0:{number:x}::/64")
        return floods.admits(party, at_the_guard=at_the_guard, now=clock.now())

    assert sum(admitted(number) for number in range(2000)) == OVERALL
    assert admitted(2000, at_the_guard=False)  # what a verb refuses is written
    assert len(floods.left_out) == 1

    clock.advance(minutes=1)
    assert admitted(2001)
    assert floods.take(clock.now()).total() == 2000 - OVERALL
    assert floods.take(clock.now()).total() == 0


def test_who_floods_guards_hides_none_of_its_refusals_by_verbs(clock: FakeClock) -> None:
    floods, party = Floods(), Party("anonymous", ANN)

    for _ in range(A_MINUTE + 1):
        at_the_guard = floods.admits(party, at_the_guard=True, now=clock.now())

    assert not at_the_guard
    assert floods.admits(party, now=clock.now())


@pytest.mark.proves("ST-1")
@pytest.mark.parametrize(
    ("actor", "client", "source", "kept"),
    [
        ("staff:nurse-{}@practice", "shop-1", ANN, A_MINUTE),  # a client may name whom it likes
        ("client:shop-1", "shop-1", "", A_MINUTE),  # on the bus
        (f"account:{UUID(int=1)}", None, ANN, A_MINUTE),
        ("service", None, "", A_MINUTE + 50),
    ],
)
async def test_what_verbs_refuse_to_one_who_asks_from_outside_is_bounded(
    stall: Stall, actor: str, client: str | None, source: str, kept: int
) -> None:
    refused = [
        Entry(
            origin=Origin(
                actor=actor.format(number),
                source=source,
                correlation_id=UUID(int=number),
                client=client,
            ),
            action="stock",
            outcome="refused",
        )
        for number in range(A_MINUTE + 50)
    ]
    async with stall.shop.database.transaction() as tx:
        await stall.shop.audit.record(tx, *refused)

    assert len(await entries(stall, "id")) == kept
