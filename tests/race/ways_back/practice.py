"""What the practice does: waives the e-mail, resets two-step, un-enrols, thaws (RC-6, MF-4, UN-1,
UN-3, RC-9).
"""

from hypothesis.stateful import precondition, rule

from tests.race.ways_back.ways import Ways

STAFF = {"staff_id": "nurse-7", "reason": "asked at the desk"}


class Practice(Ways):
    """Its record is another account's after a merge; then nothing is done here."""

    @precondition(lambda self: self.enrolled and not self.merged)
    @precondition(lambda self: not self.has_email)
    @rule()
    def the_practice_waives_the_email(self) -> None:
        """Or takes that back."""
        self.run(self._the_practice_waives_the_email())

    async def _the_practice_waives_the_email(self) -> None:
        self.desk = await self.desk.renewed()
        path, self.waived = f"/practice/patients/{self.patient_id}/email-waiver", not self.waived
        answer = await self.desk.call(path, {**STAFF, "waived": self.waived}, method="PUT")
        assert answer.status == 204, answer.body
        await self.world.delivers()

    @precondition(lambda self: self.app and self.enrolled and not self.merged)
    @rule()
    def the_practice_resets_two_step(self) -> None:
        """From here on the ways lead to a full session without a code, and none of before does."""
        self.run(self._the_practice_resets_two_step())

    async def _the_practice_resets_two_step(self) -> None:
        self.desk = await self.desk.renewed()
        path = f"/practice/patients/{self.patient_id}/reset-two-step"
        answer = await self.desk.call(path, STAFF)
        assert answer.status == 204, answer.body
        self.app = ""
        self.credentials += 1
        await self.world.delivers()

    @precondition(lambda self: not self.merged)
    @rule()
    def the_practice_un_enrols_her_or_enrols_her_again(self) -> None:
        """UN-1: what it gave her is void, for good; the other ways are not touched."""
        self.run(self._the_practice_un_enrols_her_or_enrols_her_again())

    async def _the_practice_un_enrols_her_or_enrols_her_again(self) -> None:
        self.desk = await self.desk.renewed()
        turn = self.desk.un_enrol if self.enrolled else self.desk.reactivate
        answer = await turn(self.patient_id)
        assert answer.status == 204, answer.body
        self.enrolled = not self.enrolled
        for slip in self.slips:
            slip.void = True
        await self.world.delivers()

    @precondition(lambda self: self.frozen and self.enrolled)
    @rule()
    def the_practice_thaws(self) -> None:
        self.run(self._the_practice_thaws())

    async def _the_practice_thaws(self) -> None:
        self.desk = await self.desk.renewed()
        answer = await self.desk.thaw(self.patient_id)
        assert answer.status == 204, answer.body
        self.frozen = False
        self.credentials += 1
        await self.world.delivers()
