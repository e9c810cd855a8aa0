"""One line of a table: what it reads off its handler, and how it says what does not fit."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NewType
from uuid import UUID

import msgspec
import pytest

from shared.contracts.scopes import Scope
from shared.http.guards import Client, Counted, Practice, Public, Session, Staff
from shared.http.routes import (
    Body,
    Call,
    Limits,
    NoBody,
    NoReply,
    Route,
    StaffBody,
    lifted,
    route,
)
from shared.trust.access import Anonymous, Caller, ClientCaller, PracticeCaller, SessionCaller
from tests.support.shop import Shop, Told, open_stall

NOTHING = Public(Counted.NOTHING)
JSON = {"Content-Type": "application/json"}
PATH = "/birds/{bird_id}"
OF_NO_ROLE: Any = "birds:ring"
BirdId = NewType("BirdId", UUID)


class Many(Body, frozen=True, kw_only=True):
    words: list[str]


class Note(StaffBody, frozen=True, kw_only=True):
    text: str


async def ring(shop: Shop, call: Call[NoBody, Anonymous], bird_id: BirdId) -> NoReply:
    return NoReply()


async def count(shop: Shop, call: Call[Many, Anonymous]) -> Told:
    shop.entered.set()
    await shop.go_on.wait()
    return Told(word="", number=len(call.body.words))


async def note(shop: Shop, call: Call[Note, PracticeCaller]) -> NoReply:
    shop.calls.append(call)
    return NoReply()


async def note_one(shop: Shop, call: Call[Many, PracticeCaller]) -> NoReply:
    return NoReply()


async def look(shop: Shop, call: Call[NoBody, Anonymous]) -> Told:
    return Told(word="")


async def look_without_a_call(shop: Shop) -> Told:
    return Told(word="")


async def look_without_types(shop, call):  # type: ignore[no-untyped-def]
    return Told(word="")


async def look_at_no_body(shop: Shop, call: Call[Any, Anonymous]) -> Told:
    return Told(word="")


async def look_for_nothing(shop: Shop, call: Call[NoBody, Anonymous]) -> Any:
    return Told(word="")


async def ring_by_text(shop: Shop, call: Call[NoBody, Anonymous], bird_id: str) -> NoReply:
    return NoReply()


class Perch(StrEnum):
    LOW = "low"
    HIGH = "high"


async def ring_at(shop: Shop, call: Call[NoBody, Anonymous], perch: Perch) -> NoReply:
    return NoReply()


async def ring_by_any(shop: Shop, call: Call[NoBody, Anonymous], bird_id: UUID) -> NoReply:
    return NoReply()


# ---- what is read off the handler


def test_body_reply_and_status_are_the_handlers() -> None:
    counted = route("POST", "/birds", NOTHING, count, summary="Count")
    made = route("POST", "/birds", NOTHING, count, summary="Count", status=201)
    rung = route("POST", PATH, NOTHING, ring, summary="Ring")

    assert (counted.name, counted.body, counted.reply, counted.status) == ("count", Many, Told, 200)
    assert made.status == 201
    assert (rung.body, rung.reply, rung.status) == (NoBody, NoReply, 204)


def test_a_slot_takes_an_id_or_a_name_of_its_handlers_set() -> None:
    rung = route("POST", PATH, NOTHING, ring, summary="Ring")
    perched = route("POST", "/perches/{perch}/ring", NOTHING, ring_at, summary="Ring")

    assert (rung.names, perched.names) == ({}, {"perch": Perch})


@pytest.mark.parametrize(
    ("handler", "path", "guard", "sentence"),
    [
        (look_without_a_call, "/x", NOTHING, "annotate its second parameter as Call"),
        (look_without_types, "/x", NOTHING, "annotate its second parameter as Call"),
        (look_at_no_body, "/x", NOTHING, "annotate its second parameter as Call"),
        (look_for_nothing, "/x", NOTHING, "annotate what it returns as a Reply, or as NoReply"),
        (ring_by_text, PATH, NOTHING, "annotate bird_id as an id, like PatientId"),
        (ring_by_any, PATH, NOTHING, "annotate bird_id as an id, like PatientId"),
        (look, PATH, NOTHING, "let look take bird_id, annotated as an id, like PatientId"),
        (ring, "/birds", NOTHING, "has no {bird_id}, which ring takes"),
        (look, "/x", None, "guard it by Public, Session, Client, Practice or Staff"),
        (look, "/x", "public", "guard it by Public, Session, Client, Practice or Staff"),
        (note_one, "/x", Practice(OF_NO_ROLE), "gives no role the scope birds:ring"),
        (note_one, "/x", Staff(Scope.TOKENS_WRITE), "let its body extend StaffBody"),
        (note, "/x", Practice(Scope.TOKENS_WRITE), "takes a StaffBody: guard it by Staff"),
        (note_one, "/x", Practice(Scope.TOKENS_WRITE), "let it count on a budget of its client's"),
        (note, "/x", Staff(Scope.TOKENS_WRITE), "say in `uncounted` why a stolen secret may"),
    ],
)
def test_a_line_that_does_not_fit_is_no_route_and_says_what_to_do(
    handler: Any, path: str, guard: Any, sentence: str
) -> None:
    with pytest.raises(TypeError) as raised:
        route("POST", path, guard, handler, summary="X")

    assert handler.__name__ in str(raised.value)
    assert sentence in str(raised.value)


def test_204_is_not_said_twice_and_nothing_else_goes_without_a_reply() -> None:
    with pytest.raises(TypeError, match="ring returns NoReply, which is told as 204"):
        route("POST", PATH, NOTHING, ring, summary="Ring", status=202)


# ---- who calls, proven by mypy: each of these lines is one that `make types` must refuse


async def of_a_person(shop: Shop, call: Call[NoBody, SessionCaller]) -> Told:
    return Told(word=str(call.caller.account_id))


async def of_a_practice(shop: Shop, call: Call[NoBody, PracticeCaller]) -> Told:
    return Told(word=str(call.caller.practice_id))


async def of_a_client(shop: Shop, call: Call[NoBody, ClientCaller]) -> Told:
    return Told(word=call.caller.client_id)


async def of_anybody(shop: Shop, call: Call[NoBody, Caller]) -> Told:
    return Told(word="")


def test_a_handler_stands_behind_no_guard_that_lets_in_others() -> None:
    scope = Scope.SETTINGS_READ
    route("GET", "/x", Public(), of_a_person, summary="X")  # type: ignore[misc]
    route("GET", "/x", Public(), of_a_practice, summary="X")  # type: ignore[misc]
    route("GET", "/x", Session(), of_a_practice, summary="X")  # type: ignore[misc]
    route("GET", "/x", Session(), look, summary="X")  # type: ignore[misc]
    route("GET", "/x", Client(scope), of_a_practice, summary="X")  # type: ignore[misc]
    route("GET", "/x", Client(scope), of_a_person, summary="X")  # type: ignore[misc]

    fitting: Sequence[Route[Shop]] = (
        route("GET", "/x", Session(), of_a_person, summary="X"),
        route("GET", "/x", Practice(scope), of_a_practice, uncounted="of a test", summary="X"),
        route("GET", "/x", Practice(scope), of_a_client, uncounted="of a test", summary="X"),
        route("GET", "/x", Client(scope), of_a_client, summary="X"),
        route("GET", "/x", Public(), of_anybody, summary="X"),
        route("GET", "/x", Session(), of_anybody, summary="X"),
    )
    assert {one.reply for one in fitting} == {Told}


# ---- groups and ids


@dataclass(frozen=True, slots=True)
class Aviary:
    """A group's features."""

    name: str


async def ring_in(aviary: Aviary, call: Call[NoBody, Anonymous], bird_id: BirdId) -> Told:
    return Told(word=f"{aviary.name} {bird_id}")


def aviary_of(shop: Shop) -> Aviary:
    return Aviary(shop.right)


async def test_a_handler_gets_its_groups_features_and_the_ids_of_its_path_as_ids() -> None:
    routes = lifted(aviary_of, [route("GET", PATH, NOTHING, ring_in, summary="Ring")])
    async with open_stall(routes=routes) as stall:
        rung = await stall.client.get(f"/birds/{UUID(int=9)}")
        unknown = await stall.client.get("/birds/nine")

        assert (await rung.json())["word"] == f"sesame {UUID(int=9)}"
        assert (unknown.status, (await unknown.json())["code"]) == (404, "not_found")


# ---- limits of one verb


def counting(limits: Limits) -> Sequence[Route[Shop]]:
    return [route("POST", "/many", NOTHING, count, summary="Count", limits=limits)]


async def chunks(whole: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(whole), 1000):
        yield whole[start : start + 1000]


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("most", [100, 5001])  # fewer than the others, and more
async def test_a_verb_takes_as_many_bytes_as_it_says_and_not_one_more(
    most: int, chunked: bool
) -> None:
    fits = msgspec.json.encode({"words": ["x" * (most - 14)]})
    assert len(fits) == most
    async with open_stall(routes=counting(Limits(body_bytes=most))) as stall:
        stall.shop.go_on.set()

        for data, status in ((fits, 200), (fits + b" ", 413)):
            sent = chunks(data) if chunked else data
            response = await stall.client.post("/many", data=sent, headers=JSON)
            assert response.status == status


@pytest.mark.parametrize("most", [5, 1501])
async def test_a_verb_takes_as_many_values_as_it_says_and_not_one_more(most: int) -> None:
    async with open_stall(routes=counting(Limits(body_bytes=9000, body_values=most))) as stall:
        stall.shop.go_on.set()

        fits = await stall.client.post("/many", json={"words": ["x"] * (most - 1)})  # and the list
        too_many = await stall.client.post("/many", json={"words": ["x"] * most})

        assert (await fits.json())["number"] == most - 1
        [wrong] = (await too_many.json())["errors"]
        assert wrong == {
            "field": "",
            "code": "body_too_many_values",
            "detail": f"more than {most} values",
            "params": {"maximum": most},
        }


async def test_a_verb_may_have_more_time_than_the_others_or_less() -> None:
    body = {"words": ["x"]}
    async with open_stall(routes=counting(Limits(seconds=0.05))) as stall:
        late = await stall.client.post("/many", json=body)
        assert (late.status, (await late.json())["code"]) == (503, "request_timeout")

    async with open_stall(routes=counting(Limits(seconds=30)), request_seconds=0.05) as stall:
        asked = asyncio.create_task(stall.client.post("/many", json=body))
        await stall.shop.entered.wait()
        _, waiting = await asyncio.wait({asked}, timeout=0.2)
        stall.shop.go_on.set()

        assert waiting == {asked}
        assert (await asked).status == 200


# ---- the desk
