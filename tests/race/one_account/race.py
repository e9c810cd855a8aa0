"""A life of the account, drawn by chance: how it begins, and all that may be done in it."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import AsyncExitStack, contextmanager
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from deploy.local.provision import DatabaseAccess
from tests.race.lives import live
from tests.race.one_account import names, passkeys, two_steps
from tests.race.one_account.devices import Devices
from tests.race.one_account.life import HOLDER, TRUSTED
from tests.race.one_account.merges import Merges
from tests.race.one_account.names import LINK, Names
from tests.race.one_account.passkeys import Passkeys
from tests.race.one_account.practices import Practices
from tests.race.one_account.questions import BY_BUS, BY_RECEIPT, Questions
from tests.race.one_account.resets import BY_LINK, BY_PRACTICE, NOT_ME, Resets
from tests.race.one_account.sessions import ENDS
from tests.race.one_account.two_steps import TwoSteps
from tests.race.one_account.world import opened

APP, TRUST, PASSKEY, NO_APP, AGAIN = "app", "trust", "passkey", "no app", "again"
SHUTS, MERGES, LOSES = "is shut", "is absorbed", "loses her phone"
LEAVES, ASKED = "leaves her practice", "is asked for questions"
FATES = [SHUTS, MERGES, LOSES, LEAVES, ASKED]


class OneAccount(Names, TwoSteps, Devices, Passkeys, Resets, Merges, Practices, Questions):
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
        fate=st.sets(st.sampled_from(FATES), max_size=2),
    )
    def begins(self, has: Sequence[str], fate: Set[str]) -> None:
        """With some of what it takes long to come to by chance; and not all that ends much comes in
        every life.
        """
        self.shuts, self.merges_away, self.loses = (one in fate for one in (SHUTS, MERGES, LOSES))
        self.leaves = LEAVES in fate
        self.run(self._begins(has, asked=ASKED in fate))

    async def _begins(self, has: Sequence[str], *, asked: bool) -> None:
        await self.enrols(asked=asked)
        [seat] = self.seats
        if asked and has:  # else she stands at the gate
            await self._five_are_set()
            await self._hears_of_five(self.fives[-1], seat, 1, BY_RECEIPT)
            await self._refreshes(seat, 1)
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

    @rule(life=st.sampled_from([LINK, NOT_ME, TRUSTED]))
    def something_runs_out(self, life: timedelta) -> None:
        """What was mailed or trusted a moment ago lives so long, and by then no more."""
        self.world.clock.advance(seconds=life.total_seconds())


Step = tuple[str, Mapping[str, Any]]
FIRST: Mapping[str, Any] = {"which": 1, "twins": 2}  # of those that are good for something


def changes(which: str, change: str) -> Step:
    return which, {**FIRST, "change": change, "kind": "at hand"}


LOGS_ON: Step = "logs_on", {"actor": HOLDER, "twins": 1, "brings": 0, "goes_on": True}
THERE: Step = "logs_on", {**LOGS_ON[1], "brings": 13}  # from the second device that she has
MISTYPES: Step = "mistypes_the_password", {"actor": HOLDER, "twins": 2, "brings": 0}
UNLOCKS: Step = "the_practice_unlocks", {"twins": 2}
TURNS: Step = "the_practice_un_enrols_her_or_enrols_her_again", {"twins": 2}
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
    (
        (),
        set(),
        (
            *(MISTYPES, MISTYPES, LOGS_ON, UNLOCKS, LOGS_ON) * 3,
            UNLOCKS,  # there is nothing to clear
            *(MISTYPES, UNLOCKS),  # the fourth of a day
            *(MISTYPES, LOGS_ON),  # locked
            ("something_runs_out", {"life": NOT_ME}),
            *(MISTYPES, MISTYPES, UNLOCKS, LOGS_ON),
        ),
    ),
    (
        (),
        {LEAVES},
        (
            changes("changes_a_name", "practice"),
            ("refreshes", FIRST),
            *(TURNS, ("refreshes", FIRST)) * 2,  # another one is left
        ),
    ),
    (
        (APP,),
        {LEAVES},
        (
            TURNS,
            LOGS_ON,
            changes("changes_a_name", "username"),  # no full session
            ("ends_some", {**FIRST, "other": 0, "how": "one of the list"}),  # nor of others
            changes("changes_a_name", "practice"),
            ("refreshes", FIRST),
            *(TURNS, ("refreshes", FIRST)),
            changes("changes_a_name", "username"),
        ),
    ),
    (
        (),
        {LEAVES},
        (TURNS, LOGS_ON, TURNS, ("refreshes", FIRST), changes("changes_a_name", "username")),
    ),
    (
        (),
        {ASKED},
        (
            changes("changes_a_name", "username"),  # behind the gate
            changes("changes_a_name", "email"),
            ("five_are_set", {}),
            ("hears_of_five", {**FIRST, "session": 1, "how": BY_RECEIPT}),
            ("refreshes", FIRST),
            *(("hears_of_five", {**FIRST, "session": 1, "how": BY_BUS}),) * 2,  # is known
            changes("changes_a_name", "username"),
            ("five_are_set", {}),
            ("hears_of_five", {**FIRST, "which": 5, "session": 1, "how": BY_BUS}),
        ),
    ),
    (
        (APP,),
        {ASKED, SHUTS},
        (
            ("five_are_set", {}),
            ("hears_of_five", {**FIRST, "which": 5, "session": 1, "how": BY_BUS}),
            ("five_are_set", {}),
            ("says_that_it_was_not_she", {**FIRST, "right": True}),
            ("the_practice_thaws", {"twins": 2}),
            ("asks_for_a_reset", {"route": BY_PRACTICE}),
            ("resets", FIRST),
            ("hears_of_five", {**FIRST, "which": 9, "session": 1, "how": BY_BUS}),  # of before
            ("five_are_set", {}),
            ("hears_of_five", {**FIRST, "which": 13, "session": 1, "how": BY_RECEIPT}),
        ),
    ),
    (
        (APP,),
        set(),
        (
            *(
                (
                    "adds_a_practice_by_name",
                    {"actor": HOLDER, "twins": 2, "kind": kind, "dead": dead},
                )
                for kind, dead in (
                    ("at hand", True),  # which gives the code back
                    ("at hand", False),
                    ("replayed", False),
                    ("wrong", False),
                )
            ),
            ("refreshes", FIRST),
            ("renames_a_device", {**FIRST, "device": 1}),
            ("revokes_a_device", {**FIRST, "device": 1}),
            ("renames_a_device", {"which": 1, "twins": 2, "device": 0}),  # void
            ("logs_on_by_another_name", {"actor": HOLDER, "twins": 2, "which": 0}),
        ),
    ),
    (
        (),
        set(),
        (
            changes("changes_a_name", "username"),
            changes("changes_a_name", "email"),
            ("opens_a_link", {**FIRST, "session": 1}),
            *(
                ("logs_on_by_another_name", {"actor": HOLDER, "twins": 1, "which": which})
                for which in (0, 1, 3, 1, 3, 0)  # four by names that were given up: it is locked
            ),
        ),
    ),
    (
        (APP, TRUST),
        {SHUTS},
        (
            THERE,
            ("time_goes_on", {"seconds": 1}),
            changes("changes_a_name", "email"),
            ("something_runs_out", {"life": LINK}),
            THERE,
            ("opens_a_link", {**FIRST, "session": 1}),  # too late
            changes("changes_a_name", "username"),
            ("something_runs_out", {"life": NOT_ME}),
            ("says_that_it_was_not_she", {"which": 0, "twins": 2, "right": True}),  # likewise
            THERE,
            ("something_runs_out", {"life": TRUSTED}),
            THERE,  # asked for a code
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
                life.a_session_sees_its_account_as_it_is()
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
