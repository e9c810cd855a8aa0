"""Passkeys: made, logged on by, suspended by a reset, kept, removed (MF-5 … MF-10)."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from deploy.tour.authenticator import Authenticator
from tests.race.one_account.confirmations import Change, Confirmations
from tests.race.one_account.holdings import Device, Passkey, Seat
from tests.race.one_account.life import FRESH, Life, actors, some, twins
from tests.race.one_account.world import Told
from tests.rigs.replica import Answer

MOST = 10
NOBODY_S = UUID(int=0)
PASSWORDS = ("password", "password-reset", "password-change")


class New(Change["Passkeys"]):
    """Options first, which say what the grant is good for; the answer uses it up."""

    verb = "passkeys"

    def allowed(self) -> bool:
        return sum(not one.ended for one in self.life.passkeys) < MOST

    async def prepared(self) -> bool:
        said = {"name": f"key {next(self.life.world.numbers)}", "reauthenticated": self.proof.text}
        path = "/account/passkeys/options"
        asked = await self.life.call("POST", path, said, self.seat.access)
        if asked.status != 200:
            return False
        maker = Authenticator()
        self.answer = {
            "ceremony": asked.body["ceremony"],
            "credential": maker.make(asked.body["options"]),
        }
        self.key = maker.keys[-1]
        return True

    def request(self, number: int) -> tuple[str, str, Mapping[str, Any]]:
        return "POST", "/account/passkeys", self.answer

    async def done(self, answer: Answer, number: int, told: Told) -> None:
        await told.once("passkey.make", "passkey-made", [self.life.email])
        self.life.changes_passkeys()
        made = Passkey(actor=self.seat.actor, id=answer.body["passkey_id"], key=self.key)
        self.life.passkeys.append(made)


class Removal(Change["Passkeys"]):
    """The last one that was made; the other sessions that began with it end."""

    verb = "passkeys"

    @property
    def last(self) -> Passkey | None:
        return next((one for one in reversed(self.life.passkeys) if not one.ended), None)

    def allowed(self) -> bool:
        return self.last is not None and not self.life.is_bare_without(self.last)

    def request(self, number: int) -> tuple[str, str, Mapping[str, Any]]:
        passkey_id = self.last.id if self.last else NOBODY_S
        body = {"reauthenticated": self.proof.text}
        return "POST", f"/account/passkeys/{passkey_id}/remove", body

    async def done(self, answer: Answer, number: int, told: Told) -> None:
        await told.once("passkey.remove", "passkey-removed", [self.life.email])
        assert self.last is not None
        self.life.removes(self.last, spare=self.seat)


CHANGES: Mapping[str, type[Change[Any]]] = {"passkey": New, "remove-passkey": Removal}


class Passkeys(Confirmations, Life):
    """What is done with them beside what has to be confirmed."""

    @precondition(lambda self: self.passkeys and self.has_room())
    @rule(actor=actors, which=some, twins=twins, brings=some)
    def logs_on_by_a_passkey(self, actor: str, which: int, twins: int, brings: int) -> None:
        own = [one for one in self.passkeys if one.actor == actor]
        if own:
            device = self.brought(actor, brings)
            self.run(self._logs_on_by(self.one(own, which), twins, device))

    async def _logs_on_by(self, passkey: Passkey, twins: int, device: Device | None) -> None:
        """It is both steps, and heeds no lock."""
        asked = await self.call("POST", "/sessions/passkey/options", None, None)
        name = f"{passkey.actor}-{next(self.world.numbers)}"
        body = {
            "ceremony": asked.body["ceremony"],
            "credential": Authenticator().answer(asked.body["options"], passkey.key),
            "device_name": name,
            **({"device": device.secret} if device else {}),
        }
        async with self.told() as told:
            answers = await self.at_once(twins, lambda _: ("POST", "/sessions/passkey", body, None))
        done = [answer for answer in answers if answer.status == 201]
        assert len(done) == passkey.counts, [(one.status, one.code) for one in answers]
        for answer in done:
            await told.recorded("log-on.passkey")
            self.sit(
                passkey.actor,
                answer.body,
                by="passkey",
                name=name,
                device=device,
                stepped=True,
                passkey=passkey,
            )

    @precondition(lambda self: any(self.fulls()))
    @precondition(lambda self: any(one.suspended and not one.ended for one in self.passkeys))
    @rule(which=some, keep=st.booleans(), twins=twins)
    def keeps_or_removes_one(self, which: int, keep: bool, twins: int) -> None:
        """MF-10: in a session that the new password began, within ten minutes."""
        self.run(self._keeps_or_removes(self.one(self.fulls(), which), twins, keep=keep))

    async def _keeps_or_removes(self, seat: Seat, twins: int, *, keep: bool) -> None:
        [*_rest, one] = [one for one in self.passkeys if one.suspended and not one.ended]
        may = self.is_full(seat) and seat.by in PASSWORDS and self.now < seat.began + FRESH
        may = may and (keep or not self.is_bare_without(one))
        body = {"keep" if keep else "remove": [one.id]}
        async with self.told() as told:
            answers = await self.at_once(
                twins, lambda _: ("POST", "/gates/passkeys", body, seat.access)
            )
        assert sum(answer.status < 400 for answer in answers) == may
        if not may:
            return
        if keep:
            await told.recorded("passkeys.keep")
            one.suspended = False
        else:
            await told.once("passkeys.keep", "passkey-removed", [self.email])
            self.hears(told)
            self.removes(one, spare=seat)

    def removes(self, passkey: Passkey, *, spare: Seat) -> None:
        passkey.ended = True
        for other in self.seats:
            other.ended |= other.passkey is passkey and other is not spare
        self.changes_passkeys()

    def is_bare_without(self, passkey: Passkey) -> bool:
        """Whether two-step would be on with nothing but recovery codes (MF-9)."""
        others = any(one.counts for one in self.passkeys if one is not passkey)
        return self.two_step is not None and self.two_step.app is None and not others

    @invariant()
    def the_list_is_of_those_that_have_not_ended(self) -> None:
        self.run(self._those_listed_are_right())

    async def _those_listed_are_right(self) -> None:
        if seat := next((seat for seat in reversed(self.fulls()) if self.is_full(seat)), None):
            answer = await self.call("GET", "/account/passkeys", None, seat.access)
            assert {one["passkey_id"]: one["suspended"] for one in answer.body["passkeys"]} == {
                one.id: one.suspended for one in self.passkeys if not one.ended
            }
