"""A life of the account, drawn by chance: how it begins, and all that may be done in it."""

import asyncio
from collections import Counter
from collections.abc import Sequence, Set
from contextlib import AsyncExitStack

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule, run_state_machine_as_test

from deploy.local.provision import DatabaseAccess
from tests.race.one_account import names, passkeys, two_steps
from tests.race.one_account.devices import Devices
from tests.race.one_account.life import HOLDER
from tests.race.one_account.merges import Merges
from tests.race.one_account.names import Names
from tests.race.one_account.passkeys import Passkeys
from tests.race.one_account.resets import Resets
from tests.race.one_account.two_steps import TwoSteps
from tests.race.one_account.world import opened

APP, TRUST, PASSKEY, NO_APP = "app", "trust", "passkey", "no app"
SHUTS, MERGES, LOSES = "is shut", "is absorbed", "loses her phone"


class OneAccount(Names, TwoSteps, Devices, Passkeys, Resets, Merges):
    """What may happen to it, and what must not."""

    changed_by = {**names.CHANGES, **two_steps.CHANGES, **passkeys.CHANGES}  # noqa: RUF012 - of the class

    @initialize(
        has=st.sampled_from(
            [(), (APP,), (APP, TRUST), (PASSKEY,), (PASSKEY, APP), (PASSKEY, NO_APP)]
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

    @rule(seconds=st.sampled_from([1, 7, 31, 31, 31, 95, 301, 640, 905]))
    def time_goes_on(self, seconds: int) -> None:
        self.world.clock.advance(seconds=seconds)


def play(access: DatabaseAccess, *, examples: int, steps: int, chance: bool) -> "Counter[str]":
    """Play so many lives of an account, each of so many steps at the most; by chance, or alike each
    time; return what took effect how often. Runs an event loop of its own, so not in the thread of
    another.
    """
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        try:
            world = runner.run(opened(stack, runner, access))
            machine = type("OneAccount", (OneAccount,), {"world": world})
            run_state_machine_as_test(
                machine,
                settings=settings(
                    max_examples=examples,
                    stateful_step_count=steps,
                    derandomize=not chance,
                    database=None,
                    deadline=None,
                    suppress_health_check=list(HealthCheck),
                    phases=(Phase.generate,),  # told as it is found: to shorten it takes minutes
                ),
            )
            return world.done
        finally:
            runner.run(stack.aclose())
