"""The second step: set up, another app, its mode, other codes, off (MF-1 to MF-4, MF-8)."""

from collections.abc import Mapping
from typing import Any

from hypothesis.stateful import precondition, rule

from tests.builders.two_step import code_of
from tests.race.one_account.confirmations import Change, Confirmations
from tests.race.one_account.holdings import EVERY_LOG_ON, NEW_DEVICES, App, Seat, TwoStep
from tests.race.one_account.life import FRESH, LIMITED, STEP, Life, some, twins
from tests.race.one_account.world import Told
from tests.rigs.replica import Answer

PATH = "/account/two-step"


class AnotherApp(Change["TwoSteps"]):
    """The old one's code is good until the new one has shown one, and then no more."""

    verb = "two-step"

    def request(self, number: int) -> tuple[str, str, Mapping[str, Any]]:
        return "POST", f"{PATH}/app", {"reauthenticated": self.proof.text}

    async def done(self, answer: Answer, number: int, told: Told) -> None:
        await told.recorded("two-step.set-up")
        life, seat = self.life, self.seat
        if number % 2:
            await life._confirms(seat, "username", "app")
        if life.takes(seat):
            await life._confirms_the_app(seat, answer.body["secret"], 1 + number % 3)
            await life._confirms(seat, "username", "old")


class Mode(Change[Confirmations]):
    """The other one; no credential changes, but no device is trusted where all are asked."""

    verb = "two-step"

    def allowed(self) -> bool:
        return self.life.two_step is not None

    def request(self, number: int) -> tuple[str, str, Mapping[str, Any]]:
        return "PUT", f"{PATH}/mode", {"mode": self.other, "reauthenticated": self.proof.text}

    @property
    def other(self) -> str:
        on = self.life.two_step
        return NEW_DEVICES if on is None or on.mode == EVERY_LOG_ON else EVERY_LOG_ON

    async def done(self, answer: Answer, number: int, told: Told) -> None:
        life = self.life
        await told.once("two-step.change-mode", "two-step-mode-changed", [life.email])
        assert life.two_step is not None
        life.two_step.mode = self.other
        for device in life.devices:
            device.trusted = device.trusted if life.two_step.mode == NEW_DEVICES else None


class RecoveryCodes(Change[Confirmations]):
    """Those before are void."""

    verb = "recovery-codes"

    def allowed(self) -> bool:
        return self.life.two_step is not None

    def request(self, number: int) -> tuple[str, str, Mapping[str, Any]]:
        return "POST", f"{PATH}/recovery-codes", {"reauthenticated": self.proof.text}

    async def done(self, answer: Answer, number: int, told: Told) -> None:
        life, on = self.life, self.life.two_step
        await told.once("recovery-codes.make", "recovery-codes-made", [life.email])
        assert on is not None
        life.gone["void"] += on.codes
        on.codes, on.owner = list(answer.body["recovery_codes"]), self.seat.actor
        await life._confirms(self.seat, "recovery-codes", "void")


class Off(Change[Confirmations]):
    """Every other session ends."""

    verb = "two-step-off"

    def allowed(self) -> bool:
        return self.life.two_step is not None

    def request(self, number: int) -> tuple[str, str, Mapping[str, Any]]:
        return "POST", f"{PATH}/off", {"reauthenticated": self.proof.text}

    async def done(self, answer: Answer, number: int, told: Told) -> None:
        await told.once("two-step.turn-off", "two-step-turned-off", [self.life.email])
        self.life.loses_two_step()
        self.life.changes(spare=self.seat)


CHANGES: Mapping[str, type[Change[Any]]] = {
    "app": AnotherApp,
    "mode": Mode,
    "recovery-codes": RecoveryCodes,
    "two-step-off": Off,
}


class TwoSteps(Confirmations, Life):
    """Its first means, which needs no confirmation within ten minutes; and the practice's reset."""

    loses: bool  # whether this is a life in which she loses her phone

    @precondition(lambda self: any(self.fulls()))
    @rule(which=some, twins=twins)
    def sets_up_an_app(self, which: int, twins: int) -> None:
        """MF-1, without a confirmation: within ten minutes, and only a first one."""
        self.run(self._sets_up_an_app(self.one(self.fulls(), which), twins))

    async def _sets_up_an_app(self, seat: Seat, twins: int) -> None:
        begun = await self.call("POST", f"{PATH}/app", {}, seat.access)
        allowed = self.is_full(seat) and self.two_step is None and self.now < seat.began + FRESH
        assert (begun.status == 201) is allowed
        if allowed:
            await self._confirms_the_app(seat, begun.body["secret"], twins)

    async def _confirms_the_app(self, seat: Seat, secret: str, twins: int) -> None:
        """By its first good code; with the first means two-step is on."""
        body = {"code": code_of(secret, self.now)}
        async with self.told() as told:
            answers = await self.at_once(
                twins, lambda _: ("POST", f"{PATH}/app/confirm", body, seat.access)
            )
        limited = [answer for answer in answers if answer.status == LIMITED]
        if len(limited) == len(answers):
            assert self.two_step is None
            return  # five sets of recovery codes were made within this hour
        [done] = [answer for answer in answers if answer.status == 200]
        if self.two_step is None:
            await told.once("two-step.confirm", "two-step-turned-on", [self.email])
            self.two_step = TwoStep(owner=seat.actor, codes=list(done.body["recovery_codes"]))
        else:
            await told.once("two-step.confirm", "authenticator-app-replaced", [self.email])
            assert done.body["recovery_codes"] == []
            self.loses_its_app()
        self.hears(told)
        last = int(self.now.timestamp()) // STEP
        self.two_step.app = App(owner=seat.actor, secret=secret, last=last)
        self.changes(spare=seat)

    @precondition(lambda self: any(one.counts for one in self.passkeys) and any(self.fulls()))
    @rule(which=some, twins=twins)
    def turns_it_on_by_passkeys(self, which: int, twins: int) -> None:
        self.run(self._turns_it_on_by_passkeys(self.one(self.fulls(), which), twins))

    async def _turns_it_on_by_passkeys(self, seat: Seat, twins: int) -> None:
        counting = any(one.counts for one in self.passkeys)
        fresh = self.is_full(seat) and self.now < seat.began + FRESH
        async with self.told() as told:
            answers = await self.at_once(
                twins, lambda _: ("POST", f"{PATH}/passkeys", {}, seat.access)
            )
        limited = any(answer.status == LIMITED for answer in answers)
        done = [answer for answer in answers if answer.status == 200]
        if not (fresh and counting and self.two_step is None):
            assert not done
            return
        assert len(done) == 1 or (limited and not done), [one.code for one in answers]
        for answer in done:
            await told.once("two-step.turn-on", "two-step-turned-on", [self.email])
            self.hears(told)
            self.two_step = TwoStep(owner=seat.actor, codes=list(answer.body["recovery_codes"]))
            self.changes(spare=seat)

    @precondition(lambda self: self.loses and self.two_step is not None and not self.merged)
    @precondition(lambda self: self.at_home)
    @rule(twins=twins)
    def the_practice_resets_two_step(self, twins: int) -> None:
        self.run(self._the_practice_resets_two_step(twins))

    async def _the_practice_resets_two_step(self, twins: int) -> None:
        desk = await self.desk.renewed()
        path = f"/practice/patients/{self.patient_id}/reset-two-step"
        body = {"staff_id": "nurse-7", "reason": "lost her phone"}
        async with self.told() as told:
            answers = await self.at_once(twins, lambda _: ("POST", path, body, desk.access_token))
        assert sum(answer.status == 204 for answer in answers) == 1
        await told.once("two-step.reset", "two-step-reset", [self.email])
        self.hears(told)
        self.loses_two_step()
        self.loses_its_passkeys()
        self.credentials += 1
        self.all_end()
