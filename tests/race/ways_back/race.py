"""A life of the account, drawn by chance; and each way once, by who may go it."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import AsyncExitStack, contextmanager
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from deploy.local.provision import DatabaseAccess
from shared.contracts.identity import ResetRoute
from tests.race.lives import live
from tests.race.ways_back.account import HOLDER, THIEF
from tests.race.ways_back.merges import ABSORBED, ABSORBS, FATES, Merges
from tests.race.ways_back.practice import Practice
from tests.race.ways_back.world import ANSWERS, FIELDS, MAILBOX, SLIP, opened


class WaysBack(Practice, Merges):
    """What may be tried, and what must not come of it."""

    @initialize(
        has=st.sampled_from(
            [(), (), ("email",), ("questions",), ("email", "questions", "app"), ("app",)]
        ),
        stolen=st.sets(st.sampled_from([MAILBOX, ANSWERS, SLIP, FIELDS]), max_size=3),
        fate=st.sampled_from(FATES),
    )
    def begins(self, has: Sequence[str], stolen: set[str], fate: str) -> None:
        """She has enrolled; the thief knows her username and has some of what is hers, not all."""
        self.fate = fate
        self.run(self.enrols(has, stolen))

    @rule(seconds=st.sampled_from([1, 31, 61, 301, 601, 1201, 3601, 86401]))
    def time_goes_on(self, seconds: int) -> None:
        self.world.clock.advance(seconds=seconds)


ASKED: Mapping[str, Any] = {"which": 1, "asks": True}
EACH_WAY: Sequence[tuple[Sequence[str], str, Mapping[str, Any]]] = (
    (("email",), "goes_by_link", ASKED),
    ((), "goes_by_token", ASKED),
    (("email", "questions", "app"), "goes_by_questions", {}),
    ((), "goes_by_validation", {"knows_address": True}),
    (("app",), "goes_by_validation", {"knows_address": True}),
)
"""What she has set up, and the way that is open then."""
BY_QUESTIONS = ("goes_by_questions", {"actor": HOLDER, "sets": 1})
BY_VALIDATION = (
    "goes_by_validation",
    {"actor": HOLDER, "knows_address": True, "sets": 1},
)
A_LOCK = (("somebody_answers_wrongly", {"times": 3}), ("time_goes_on", {"seconds": 1201}))
A_DAY = ("time_goes_on", {"seconds": 86401})
ASKS_NO_MORE = {"actor": HOLDER, "which": 1, "asks": False, "sets": 1}
THE_FIRST = {**ASKS_NO_MORE, "which": 0}
LIVES: Sequence[tuple[Sequence[str], Sequence[tuple[str, Mapping[str, Any]]]]] = (
    (
        (),
        (
            BY_VALIDATION,
            ("she_sets_her_questions", {}),
            BY_QUESTIONS,  # shut: an account e-mail is waited for
            ("the_practice_waives_the_email", {}),
            BY_QUESTIONS,
        ),
    ),
    (
        ("email", "questions", "app"),
        (
            ("goes_by_link", {**ASKS_NO_MORE, "asks": True, "sets": 0}),
            ("the_practice_resets_two_step", {}),
            ("sets_a_password", {"which": 1, "twins": 2}),  # void by it
            BY_QUESTIONS,  # to a full session, without a code
        ),
    ),
    (
        ("email",),
        (
            ("the_practice_gives_a_token", {}),
            ("the_practice_un_enrols_her_or_enrols_her_again", {}),
            ("the_practice_gives_a_token", {}),  # to whom it has not enrolled
            ("goes_by_token", ASKS_NO_MORE),
            ("the_practice_un_enrols_her_or_enrols_her_again", {}),
            ("goes_by_token", ASKS_NO_MORE),  # the one of before
            ("the_practice_un_enrols_her_or_enrols_her_again", {}),
            ("goes_by_link", {**ASKS_NO_MORE, "asks": True}),
            ("the_practice_un_enrols_her_or_enrols_her_again", {}),
            ("goes_by_token", {**ASKS_NO_MORE, "asks": True}),
        ),
    ),
    (
        ("email",),
        (
            *(("a_link_is_asked_for", {}), ("time_goes_on", {"seconds": 61})) * 2,
            ("goes_by_link", THE_FIRST),  # a newer one was mailed
            ("time_goes_on", {"seconds": 3601}),
            ("goes_by_link", ASKS_NO_MORE),  # expired
            *(("the_practice_gives_a_token", {}),) * 2,
            ("goes_by_token", THE_FIRST),
            *(("time_goes_on", {"seconds": 3601}),) * 24,
            ("goes_by_token", ASKS_NO_MORE),
        ),
    ),
    (
        ("questions",),
        (
            ("somebody_answers_wrongly", {"times": 2}),
            BY_QUESTIONS,  # which begins anew
            ("somebody_answers_wrongly", {"times": 3}),
            ("time_goes_on", {"seconds": 601}),
            BY_QUESTIONS,  # locked
            ("time_goes_on", {"seconds": 601}),
            BY_QUESTIONS,
        ),
    ),
    (
        ("email", "questions"),
        (
            *A_LOCK * 5,
            BY_QUESTIONS,  # closed
            A_DAY,
            BY_QUESTIONS,  # no time opens it
            ("goes_by_link", {**ASKS_NO_MORE, "asks": True}),  # a log-on does
            *A_LOCK * 4,
            BY_QUESTIONS,  # of five again
        ),
    ),
    (
        (),
        (
            *(("goes_by_validation", {"actor": THIEF, "knows_address": False, "sets": 1}),) * 3,
            BY_VALIDATION,  # no round is left
            A_DAY,
            BY_VALIDATION,
        ),
    ),
    (
        (),
        (
            ("goes_by_validation", {"actor": HOLDER, "knows_address": False, "sets": 1}),
            BY_VALIDATION,  # a wrong address fails the day's others
            A_DAY,
            BY_VALIDATION,
        ),
    ),
)
"""What she has set up, and what is done then."""
EVERY_WAY: Mapping[str, Mapping[str, Any]] = {
    "goes_by_link": {"which": 1, "asks": False},
    "goes_by_token": {"which": 1, "asks": False},
    "goes_by_questions": {},
    "goes_by_validation": {"knows_address": True},
}


def play(access: DatabaseAccess, *, examples: int, steps: int, chance: bool) -> None:
    """Play so many lives of an account, each of so many steps at the most; by chance, or alike each
    time. Runs an event loop of its own, so not in the thread of another.
    """
    with playing(access) as machine:
        live(machine, examples=examples, steps=steps, chance=chance)


def go_each_way(access: DatabaseAccess, stolen: Set[str]) -> Set[tuple[ResetRoute, str]]:
    """Let both go each way to its end, in lives of their own, and each life end with a freeze;
    return who came in by which.
    """
    with playing(access) as machine:
        for actor in (HOLDER, THIEF):
            for has, way, said in EACH_WAY:
                life = machine()
                life.begins(has=has, stolen=set(stolen), fate="")
                getattr(life, way)(actor=actor, sets=2, **said)
                if life.not_me:
                    life.it_was_not_her(which=1, asks=True)
                    assert life.frozen
        return set(machine.world.arrived)


def follow(access: DatabaseAccess) -> "Counter[tuple[ResetRoute, str]]":
    """Live the lives that are written down; return who came in by which way how often."""
    with playing(access) as machine:
        for has, steps in LIVES:
            life = machine()
            life.begins(has=has, stolen=set(), fate="")
            for what, said in steps:
                getattr(life, what)(**said)
        return machine.world.arrived


def become_one(access: DatabaseAccess) -> "Counter[tuple[ResetRoute, str]]":
    """Let the account be merged each way, with proofs of before in her hands, and let her go each
    way after it; return who came in by which.
    """
    with playing(access) as machine:
        for has in (("email",), ("questions",), ("email", "questions", "app")):
            life = merged(machine, has, ABSORBED)
            for way, said in EVERY_WAY.items():
                getattr(life, way)(actor=HOLDER, sets=1, **said)
            assert life.merged
        for way, said in EVERY_WAY.items():  # what sets a password voids the proofs of the others
            life = merged(machine, ("email", "questions", "app"), ABSORBS)
            getattr(life, way)(actor=HOLDER, sets=1, **said)
            assert life.elsewhere
        life = merged(machine, ("questions",), ABSORBS)  # to the address that was the other one's
        life.goes_by_link(actor=HOLDER, which=1, asks=True, sets=1)
        return machine.world.arrived


def merged(machine: type[WaysBack], has: Sequence[str], fate: str) -> WaysBack:
    """A life in which a link and a token were there before its merge."""
    life = machine()
    life.begins(has=has, stolen=set(), fate=fate)
    life.a_link_is_asked_for()
    life.the_practice_gives_a_token()
    life.becomes_one_with_another(has_email=True)
    return life


@contextmanager
def playing(access: DatabaseAccess) -> Iterator[type[WaysBack]]:
    """Hold a world, and a machine in it."""
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        try:
            world = runner.run(opened(stack, runner, access))
            yield type("WaysBack", (WaysBack,), {"world": world})
        finally:
            runner.run(stack.aclose())
