"""Five security questions, which recovery has set: heard by its receipt or its event (RC-8)."""

import asyncio

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from shared.contracts.recovery import SECURITY_QUESTIONS_SET, SecurityQuestionsSet
from shared.randomness import Randomness
from tests.builders import events
from tests.race.one_account.holdings import FiveQuestions, Seat
from tests.race.one_account.life import FULL, GATES, RESETS, Life, some, twins
from tests.rigs.identity import Person
from tests.support.deliveries import delivered

RANDOM = Randomness()
BY_RECEIPT, BY_BUS = "receipt", "bus"
SETS = 4  # in a life
CHANGED = "security-questions-changed"


class Questions(Life):
    """The first that is heard of opens the gate, where her practice asks; each is told once."""

    @precondition(lambda self: len(self.fives) < SETS)
    @rule()
    def five_are_set(self) -> None:
        self.run(self._five_are_set())

    async def _five_are_set(self) -> None:
        """At recovery, which goes by the account's version that it knows."""
        [row] = await self.world.identity.rows(
            "SELECT version FROM accounts WHERE id = $1", self.account_id
        )
        set_id, version = RANDOM.uuid(), row["version"]
        person = Person(id=self.account_id, username=self.name, password="", email=self.email)
        receipt = await self.world.recovery.receipt(person, set_id=set_id, version=version)
        made = FiveQuestions(
            id=set_id, receipt=receipt, version=version, freezes=self.freezes, at=self.now
        )
        self.fives.append(made)

    @precondition(lambda self: self.fives and self.seats)
    @rule(which=some, session=some, twins=twins, how=st.sampled_from([BY_RECEIPT, BY_BUS]))
    def hears_of_five(self, which: int, session: int, twins: int, how: str) -> None:
        five, seat = self.one(self.fives, which), self.one(self.seats, session)
        self.run(self._hears_of_five(five, seat, twins, how))

    async def _hears_of_five(self, five: FiveQuestions, seat: Seat, twins: int, how: str) -> None:
        comes = how == BY_BUS or (self.takes_as(seat, FULL, GATES) and self.now < five.at + RESETS)
        void = five.heard or five.freezes < self.freezes or self.frozen or self.merged
        first = comes and not void and not self.questions_set
        async with self.told() as told:
            if how == BY_BUS:
                await self._come_by_the_bus(five, twins)
            else:
                await self._is_brought(five, seat, twins, comes=comes, first=first)
        five.heard |= comes
        if void or not comes:
            assert await self.world.identity.events(CHANGED) == []
            return
        await told.once("questions.hear", CHANGED, [self.email])
        self.hears(told)
        if first:
            self.questions_set = True
            self.all_narrow()

    async def _come_by_the_bus(self, five: FiveQuestions, twins: int) -> None:
        data = SecurityQuestionsSet(
            account_id=self.account_id, set_id=five.id, account_version=five.version
        )
        replicas = (self.world.identity, self.world.beside)
        await asyncio.gather(
            *(
                replicas[place % 2].take_in(
                    "identity.questions",
                    delivered(
                        events.body(SECURITY_QUESTIONS_SET, data, subject=data.account_id),
                        "recovery",
                    ),
                )
                for place in range(twins)
            )
        )
        assert await self.world.identity.rows("SELECT FROM inbox_retry") == []

    async def _is_brought(
        self, five: FiveQuestions, seat: Seat, twins: int, *, comes: bool, first: bool
    ) -> None:
        """The first of a life voids the tokens that say that the gate is closed, even its own."""
        body = {"receipt": five.receipt}
        answers = await self.at_once(
            twins, lambda _: ("POST", "/gates/questions", body, seat.access)
        )
        statuses = {answer.status for answer in answers}
        assert (204 in statuses) is comes, statuses
        assert statuses <= {204, 401} if first else not comes or statuses == {204}, statuses
