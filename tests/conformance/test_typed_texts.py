"""No text that somebody types holds up the event loop: every public body of every service (ID-3).

One code point can become 18 under NFKC, and marks are put in order in quadratic time. Each text
field is filled to its limit with either, and the longest step of the loop is compared with that of
an empty text. Both are told in yards: what a known piece of work costs beside each of them, for who
shares a core also shares its caches and its clock, and a second of its CPU is not always as much.
"""

import asyncio
import time
import unicodedata
from asyncio.events import Handle
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from msgspec import inspect

from shared.http.routes import Route
from tests.conformance.stage import Stage, example, send
from tests.conformance.verbs import VERBS, Verb

GROWING = ("\ufdfa", "\u0315\u0300")
YARD = GROWING[1] * 500  # code points that are put in order in about a millisecond
AT_MOST = 5  # yards of one step, beyond the same step with nothing to look at
RUNS = 3  # the best of them: the first also fills caches
MORE = 40  # where those were too long: somebody else may have come in the midst of a step
UNBOUNDED = 16_000  # code points, where only the whole body has a limit: two kinds fit in it


def typed(route: Route[Any]) -> Iterator[tuple[str, int]]:
    """The text fields of a body, each with the most code points it takes."""
    described = inspect.type_info(route.body)
    assert isinstance(described, inspect.StructType)
    for field in described.fields:
        for kind in field.type.types if isinstance(field.type, inspect.UnionType) else [field.type]:
            if isinstance(kind, inspect.StrType):
                yield field.encode_name, kind.max_length or UNBOUNDED


CASES = [
    pytest.param(verb, field, limit, id=f"{verb.service}-{verb.name}-{field}")
    for verb in VERBS
    if verb.public or (verb.of_a_person and verb.service == "identity")
    for field, limit in typed(verb.route)
]


@contextmanager
def steps(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """How long each step of the event loop takes, in seconds of this thread's CPU."""
    taken: list[float] = []
    run = Handle._run

    def timed(handle: Handle) -> None:
        start = time.thread_time()
        run(handle)
        taken.append(time.thread_time() - start)

    with monkeypatch.context() as patched:
        patched.setattr(Handle, "_run", timed)
        yield taken


def yard() -> float:
    """What the known piece of work costs now, in seconds of this thread's CPU."""
    start = time.thread_time()
    unicodedata.normalize("NFKC", YARD)
    return time.thread_time() - start


async def longest(
    stage: Stage, verb: Verb, field: str, text: str, taken: list[float], *, enough: float
) -> float:
    """The longest step of the best of some calls, in yards; each call gets as far as it can."""
    found: list[float] = []
    while len(found) < RUNS or (len(found) < MORE and min(found) > enough):
        call = (await example(stage, verb)).but(**{field: text})
        before = yard()
        await asyncio.sleep(0)  # what made the call, and the yard, end with the step they are in
        taken.clear()
        answer = await send(stage, verb, call)
        found.append(max(taken) / max(before, yard()))
        assert answer.status < 500, answer.body
    return min(found)


@pytest.mark.proves("ID-3")
@pytest.mark.parametrize(("verb", "field", "limit"), CASES)
async def test_a_text_that_grows_holds_the_loop_no_longer_than_an_empty_one(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, verb: Verb, field: str, limit: int
) -> None:
    with steps(monkeypatch) as taken:
        idle = await longest(stage, verb, field, "", taken, enough=AT_MOST)
        for unit in GROWING:
            text = (unit * limit)[:limit]
            enough = idle + AT_MOST
            took = await longest(stage, verb, field, text, taken, enough=enough)
            assert took <= enough, ascii(unit)
