"""What is given where a second step is asked for: a code, or a passkey's answer (MF-3, MF-6)."""

from deploy.tour.authenticator import Authenticator, b64
from tests.builders.two_step import WRONG_CODE
from tests.race.one_account.holdings import Seat, Step
from tests.race.one_account.life import Life

TOUCHED = ("passkey", "removed")


class Touches(Life):
    """Codes and passkeys in somebody's hands."""

    async def step(
        self, seat: Seat, kind: str, path: str, *, suspended: bool = False
    ) -> Step | None:
        """What this one gives of that kind in this session; None: there is no such thing."""
        kind = self.at_hand(seat.actor) if kind == "at hand" else kind
        if kind in TOUCHED:
            return await self.touched(seat, kind, path, suspended=suspended)
        code, good = self.code(seat.actor, kind)
        return None if code is None else Step(said={"code": code}, good=good)

    async def touched(
        self, seat: Seat, kind: str, path: str, *, suspended: bool = False
    ) -> Step | None:
        """Ask for options, which name those that count, and have one of this one's own answer."""
        if not self.takes(seat):
            return Step(said={"code": WRONG_CODE}, good=False)
        asked = await self.call("POST", f"{path}/options", None, seat.access)
        counting = [one for one in self.passkeys if one.counts or (suspended and not one.ended)]
        assert (asked.status == 200) is bool(counting), asked.body
        if not counting:
            return None
        named = {one["id"] for one in asked.body["options"]["allowCredentials"]}
        assert named == {b64(one.key.id) for one in counting}
        own = [one for one in self.passkeys if one.actor == seat.actor]
        right = [one for one in own if one in counting]
        found = right if kind == "passkey" else [one for one in own if one not in counting]
        if not found:
            return None
        credential = Authenticator().answer(asked.body["options"], found[-1].key)
        said = {"ceremony": asked.body["ceremony"], "credential": credential}
        return Step(said=said, good=kind == "passkey", passkey=found[-1])
