"""What her practice does with the account: un-enrols her, enrols her again, unlocks (UN-1, UN-3,
LG-2), and what a session sees of it.
"""

from datetime import timedelta
from typing import Any

from hypothesis.stateful import invariant, precondition, rule

from tests.race.one_account.life import FULL, GATES, Life, twins
from tests.rigs.replica import Answer

UNLOCKS, A_DAY = 3, timedelta(days=1)


class Practices(Life):
    """Each with a staff id and a reason."""

    leaves: bool  # whether this is a life in which she leaves her practice

    async def at_the_desk(self, verb: str, twins: int) -> list[Answer]:
        desk = await self.desk.renewed()
        path = f"/practice/patients/{self.patient_id}/{verb}"
        body = {"staff_id": "nurse-7", "reason": "came to the desk"}
        return await self.at_once(twins, lambda _: ("POST", path, body, desk.access_token))

    @precondition(lambda self: self.leaves and not self.merged)
    @rule(twins=twins)
    def the_practice_un_enrols_her_or_enrols_her_again(self, twins: int) -> None:
        self.run(self._ends_or_begins_the_enrolment(twins))

    async def _ends_or_begins_the_enrolment(self, twins: int) -> None:
        """What sessions see has changed, or all end with the last practice; credentials stay."""
        ends = self.at_home
        verb, event = (
            ("un-enrol", "enrolment-ended") if ends else ("re-activate", "enrolment-reactivated")
        )
        async with self.told() as told:
            answers = await self.at_the_desk(verb, twins)
        assert sum(answer.status == 204 for answer in answers) == 1
        await told.once(f"patient.{verb}", event, [self.email])
        self.at_home = not ends
        if self.records:
            self.all_narrow()
        else:
            self.all_end()

    @precondition(lambda self: self.at_home and not self.merged)
    @rule(twins=twins)
    def the_practice_unlocks(self, twins: int) -> None:
        self.run(self._the_practice_unlocks(twins))

    async def _the_practice_unlocks(self, twins: int) -> None:
        """Three times a day, where there is something to clear; else it changes nothing."""
        shut = self.is_locked() or self.failures > 0
        taken = sum(self.now < at + A_DAY for at in self.unlocked)
        may = shut and taken < UNLOCKS
        async with self.told() as told:
            answers = await self.at_the_desk("unlock", twins)
        expected = (429, "unlock_limit") if shut and not may else (204, "")
        assert {answer.refused() for answer in answers} == {expected}
        if not may:
            assert await self.world.identity.events("account-unlocked") == []
            return
        await told.recorded("account.unlock", times=twins)  # who found nothing to clear as well
        await told.mailed("account-unlocked", [self.email])
        self.unlocked.append(self.now)
        self.failures, self.locked_until = 0, None

    @invariant()
    def a_session_sees_its_account_as_it_is(self) -> None:
        self.run(self._a_session_sees_its_account())

    async def _a_session_sees_its_account(self) -> None:
        seat = next((seat for seat in reversed(self.fulls()) if self.takes(seat)), None)
        if seat is None:
            return
        account: Any = (await self.call("GET", "/account", None, seat.access)).body
        assert (account["username"], account["email"]["address"]) == (self.name, self.email)
        assert account["questions_set"] is self.questions_set
        enrolled = [one for one in account["practices"] if one["state"] == "enrolled"]
        assert len(enrolled) == self.records
        open_now = {state == "open" for one in enrolled for state in one["areas"].values()}
        scope = self.scope(full=True)
        assert open_now == ({scope == FULL} if scope in (FULL, GATES) else set())
