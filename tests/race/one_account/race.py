"""A life of the account, drawn by chance: how it begins, and all that may be done in it."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import AsyncExitStack, contextmanager
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from deploy.local.provision import DatabaseAccess
from tests.race.lives import live
from tests.race.one_account import names, passkeys, two_steps
from tests.race.one_account.devices import Devices
from tests.race.one_account.life import HOLDER
from tests.race.one_account.merges import Merges
from tests.race.one_account.names import Names
from tests.race.one_account.passkeys import Passkeys
from tests.race.one_account.resets import BY_LINK, BY_PRACTICE, Resets
from tests.race.one_account.sessions import ENDS
from tests.race.one_account.two_steps import TwoSteps
from tests.race.one_account.world import opened

APP, TRUST, PASSKEY, NO_APP, AGAIN = "app", "trust", "passkey", "no app", "again"
SHUTS, MERGES, LOSES = "is shut", "is absorbed", "loses her phone"


class OneAccount(Names, TwoSteps, Devices, Passkeys, Resets, Merges):
    """What may happen to it, and what must not."""

    changed_by = {**names.CHANGES, **two_steps.CHANGES, **passkeys.CHANGES}  # noqa: RUF012 - of the class

    @initialize(
        has=st.sampled_from(
            [
                (),
                (APP,),
                (APP, TRUST),
                (APP, TRUST, AGAIN),
                (PASSKEY,),
                (PASSKEY, APP),
                (PASSKEY, NO_APP),
            ]
        ),
        fate=st.sets(st.sampled_from([SHUTS, MERGES, LOSES]), max_size=2),
    )
    def begins(self, has: Sequence[str], fate: Set[str]) -> None:
        """With some of what it takes long to come to by chance; and not all that ends much comes in
        every life.
        """
        self.shuts, self.merges_away, self.loses = (one in fate for one in (SHUTS, MERGES, LOSES))
        self.run(self._begins(has))

    async def _begins(self, has: Sequence[str]) -> None:
        await self.enrols()
        [seat] = self.seats
        if PASSKEY in has:
            await self._changes(seat, "passkey", "app", 1)
        if NO_APP in has:
            await self._turns_it_on_by_passkeys(seat, 1)
        if APP in has:
            await self._sets_up_an_app(seat, 1)
        if TRUST in has:
            await self._changes(seat, "mode", "recovery", 1)
            await self._logs_on(HOLDER, 1)
            await self._steps(self.halves()[-1], "recovery", 1, trust=True)
        if AGAIN in has:  # to a code at every log-on and back: trust does not come back with it
            await self._changes(seat, "mode", "recovery", 1)
            await self._changes(seat, "mode", "recovery", 1)

    @rule(seconds=st.sampled_from([1, 7, 31, 31, 31, 95, 301, 640, 905]))
    def time_goes_on(self, seconds: int) -> None:
        self.world.clock.advance(seconds=seconds)


Step = tuple[str, Mapping[str, Any]]
FIRST: Mapping[str, Any] = {"which": 1, "twins": 2}  # of those that are good for something


def changes(which: str, change: str) -> Step:
    return which, {**FIRST, "change": change, "kind": "at hand"}


RESET: Sequence[Step] = (("asks_for_a_reset", {"route": BY_LINK}), ("resets", FIRST))
LIVES: Sequence[tuple[Sequence[str], Set[str], Sequence[Step]]] = (
    (
        (APP, TRUST, AGAIN),
        set(),
        (
            changes("changes_a_name", "username"),
            changes("changes_a_name", "practice"),
            ("refreshes", FIRST),
            changes("changes_a_name", "email"),
            ("opens_a_link", {**FIRST, "session": 1}),
            changes("changes_two_step", "app"),
            changes("changes_two_step", "recovery-codes"),
            changes("changes_two_step", "two-step-off"),
            changes("changes_a_name", "password"),
        ),
    ),
    (
        (PASSKEY,),
        set(),
        (
            ("logs_on_by_a_passkey", {**FIRST, "actor": HOLDER, "brings": 0}),
            changes("changes_a_passkey", "remove-passkey"),  # and the session that it began
            changes("changes_a_passkey", "passkey"),
            *RESET,
            ("confirms", {"which": 1, "change": "username", "kind": "removed"}),  # a suspended one
            ("keeps_or_removes_one", {**FIRST, "keep": True}),
            *RESET,
            ("time_goes_on", {"seconds": 640}),
            ("refreshes", FIRST),
            ("keeps_or_removes_one", {**FIRST, "keep": True}),  # too late, in that session
            ("logs_on", {"actor": HOLDER, "twins": 1, "brings": 0, "goes_on": True}),
            ("keeps_or_removes_one", {**FIRST, "which": 5, "keep": False}),
        ),
    ),
    (
        (PASSKEY, NO_APP),
        {LOSES},
        (
            changes("changes_a_passkey", "remove-passkey"),  # the only means
            ("logs_on", {"actor": HOLDER, "twins": 2, "brings": 0, "goes_on": False}),
            ("ends_some", {"which": 5, "twins": 2, "other": 1, "how": "one of the list"}),
            ("takes_the_second_step", {**FIRST, "kind": "passkey"}),
            ("the_practice_resets_two_step", {"twins": 2}),
            ("logs_on_by_a_passkey", {**FIRST, "actor": HOLDER, "brings": 0}),
        ),
    ),
    (
        (APP, TRUST),
        set(),
        (
            changes("changes_a_passkey", "passkey"),  # which leaves trust
            ("revokes_a_device", {**FIRST, "device": 1}),
            ("logs_on", {"actor": HOLDER, "twins": 1, "brings": 0, "goes_on": True}),
            *(("mistypes_the_password", {"actor": HOLDER, "twins": 2, "brings": 1}),) * 4,
            *(("ends_some", {**FIRST, "other": 1, "how": how}) for how in ENDS),
        ),
    ),
    (
        (),
        set(),
        (
            changes("changes_a_name", "practice"),
            ("refreshes", FIRST),
            ("uses_a_confirmation", {"which": 0, "twins": 2}),  # for another practice
            ("proves_another_to_be_its_own", {"which": 1, "kind": "at hand"}),
            changes("changes_a_passkey", "passkey"),
            ("a_merge_comes_by_the_bus", {"which": 1, "anew": False}),  # proven before that
            ("logs_on", {"actor": HOLDER, "twins": 1, "brings": 0, "goes_on": True}),
            ("time_goes_on", {"seconds": 640}),
            ("refreshes", FIRST),
            ("time_goes_on", {"seconds": 301}),  # the other one is idle by now
            ("refreshes", FIRST),
            ("turns_it_on_by_passkeys", FIRST),  # too late
            ("ends_some", {**FIRST, "other": 1, "how": "by refresh token"}),  # that was used
        ),
    ),
    (
        (PASSKEY,),
        {SHUTS},
        (
            changes("changes_a_name", "email"),
            ("opens_a_link", {**FIRST, "session": 1}),
            ("says_that_it_was_not_she", {**FIRST, "right": False}),
            ("says_that_it_was_not_she", {**FIRST, "right": True}),
            ("the_practice_thaws", {"twins": 2}),
            ("says_that_it_was_not_she", {"which": 4, "twins": 2, "right": True}),  # another link
            *RESET,
            ("asks_for_a_reset", {"route": BY_PRACTICE}),
            ("resets", {**FIRST, "which": 5}),
        ),
    ),
    (
        (PASSKEY, APP),
        {MERGES},
        (
            ("logs_on", {"actor": HOLDER, "twins": 1, "brings": 0, "goes_on": True}),
            ("proves_another_to_be_its_own", {"which": 1, "kind": "at hand"}),
            ("a_merge_comes_by_the_bus", {"which": 1, "anew": True}),
            ("refreshes", FIRST),
            ("is_proven_to_be_another_s", {"actor": HOLDER, "kind": "at hand"}),
            ("a_merge_comes_by_the_bus", {"which": 5, "anew": False}),
            ("logs_on_by_a_passkey", {**FIRST, "actor": HOLDER, "brings": 0}),
            ("logs_on", {"actor": HOLDER, "twins": 2, "brings": 1, "goes_on": True}),
        ),
    ),
)
"""What each life has, what it may come to, and what is done in it."""


def play(access: DatabaseAccess, *, examples: int, steps: int, chance: bool) -> "Counter[str]":
    """Play so many lives of an account, each of so many steps at the most; by chance, or alike each
    time; return what took effect how often. Runs an event loop of its own, so not in the thread of
    another.
    """
    with playing(access) as machine:
        live(machine, examples=examples, steps=steps, chance=chance)
        return machine.world.done


def do_each(access: DatabaseAccess) -> "Counter[str]":
    """Live the lives that are written down, and look after each step as the machine does; return
    what took effect how often.
    """
    with playing(access) as machine:
        for has, fate, steps in LIVES:
            life = machine()
            life.begins(has=has, fate=fate)
            for what, said in steps:
                getattr(life, what)(**said)
                life.no_session_opens_more_than_it_may()
                life.the_list_is_of_those_that_are_known_and_says_which_are_trusted()
                life.the_list_is_of_those_that_have_not_ended()
        return machine.world.done


@contextmanager
def playing(access: DatabaseAccess) -> Iterator[type[OneAccount]]:
    """Hold a world, and a machine in it."""
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        try:
            world = runner.run(opened(stack, runner, access))
            yield type("OneAccount", (OneAccount,), {"world": world})
        finally:
            runner.run(stack.aclose())
