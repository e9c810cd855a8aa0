"""Merges, as far as identity goes: proven in a session, brought by the bus (MG-1, MG-3, MG-5)."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from deploy.tour.authenticator import Authenticator
from shared.contracts.ids import MergeId, SessionId
from shared.contracts.merge import MergeRequested
from shared.randomness import Randomness
from tests.builders.merges import again, deliver, envelope
from tests.builders.two_step import turned_on
from tests.race.one_account.confirmations import Confirmations
from tests.race.one_account.holdings import Merge, Seat
from tests.race.one_account.life import Life, actors, kinds, some
from tests.race.one_account.touches import TOUCHED
from tests.rigs.identity import PASSWORD

RANDOM = Randomness()
PATH = "/account/ownership-proofs"
ASKED = 3  # merges in a life
LATEST = timedelta(hours=72)  # whatever the bus did meanwhile


class Merges(Confirmations, Life):
    """Into another account, or of another one into this."""

    merges_away: bool  # whether this is a life that may end in another account

    @precondition(lambda self: self.merges_away and len(self.merges) < ASKED)
    @rule(actor=actors, kind=kinds)
    def is_proven_to_be_another_s(self, actor: str, kind: str) -> None:
        """In a full session of the other one, which has two-step on, by all that this one asks."""
        self.run(self._is_proven_to_be_another_s(actor, kind))

    async def _is_proven_to_be_another_s(self, actor: str, kind: str) -> None:
        other = await turned_on(self.world.identity)
        [row] = await self.world.identity.rows(
            "SELECT id FROM sessions WHERE account_id = $1", other.person.id
        )
        reauthenticated, proven_at = await other.proof(other.token, "merge"), self.now
        kind = self.at_hand(actor) if kind == "at hand" else kind
        touched = kind in TOUCHED
        code, good = self.code(actor, kind) if self.two_step and not touched else (None, True)
        body: dict[str, Any] = {"name": self.name, "password": self.known[actor]}
        body |= {"code": code} if code else {}
        if touched:
            own = [one for one in self.passkeys if one.actor == actor]
            if not own:
                return
            asked = await self.call("POST", f"{PATH}/options", None, other.token)
            answer = Authenticator().answer(asked.body["options"], own[-1].key)
            body = {"ceremony": asked.body["ceremony"], "credential": answer}
            told = good = own[-1].counts
        else:
            told = self.tried(self.known[actor] == self.password) and not self.merged
            good = good and (code is not None or self.two_step is None)
        before = self.maybe_locked() and not touched
        owned = await self.call("POST", PATH, body, other.token)
        assert owned.status == 200 or not (told and good) or before, owned.body
        assert owned.status != 200 or (told and good)
        if owned.code == "second_step_failed":
            self.wrong_codes.append(self.now)
        if owned.status == 200:
            if code is not None:
                self.taken(code)
            self.asks_to_merge(
                MergeRequested(
                    merge_id=MergeId(RANDOM.uuid()),
                    survivor_id=other.person.id,
                    absorbed_id=self.account_id,
                    session_id=SessionId(row["id"]),
                    reauthenticated=reauthenticated,
                    owned=owned.body["grant"],
                ),
                None,
                at=proven_at,
            )

    @precondition(lambda self: len(self.merges) < ASKED and any(self.fulls()))
    @rule(which=some, kind=kinds)
    def proves_another_to_be_its_own(self, which: int, kind: str) -> None:
        self.run(self._proves_another_to_be_its_own(self.one(self.fulls(), which), kind))

    async def _proves_another_to_be_its_own(self, seat: Seat, kind: str) -> None:
        proof = await self._confirms(seat, "merge", kind)
        if proof is None:
            return
        self.proofs.remove(proof)  # for what is brought by the bus, it is no verb's
        other = await self.world.identity.an_account()
        body = {"name": other.username, "password": PASSWORD}
        owned = await self.call("POST", PATH, body, seat.access)
        assert (owned.status == 200) is self.is_full(seat), owned.body
        if owned.status != 200:
            return
        self.asks_to_merge(
            MergeRequested(
                merge_id=MergeId(RANDOM.uuid()),
                survivor_id=self.account_id,
                absorbed_id=other.id,
                session_id=SessionId(UUID(seat.id)),
                reauthenticated=proof.text,
                owned=owned.body["grant"],
            ),
            seat,
            at=proof.at,
        )

    def asks_to_merge(self, request: MergeRequested, seat: Seat | None, *, at: datetime) -> None:
        made = Merge(request=request, credentials=self.credentials, seat=seat, at=at)
        self.merges.append(made)

    @precondition(lambda self: self.merges)
    @rule(which=some, anew=st.booleans())
    def a_merge_comes_by_the_bus(self, which: int, anew: bool) -> None:
        self.run(self._a_merge_comes_by_the_bus(self.one(self.merges, which), anew=anew))

    async def _a_merge_comes_by_the_bus(self, merge: Merge, *, anew: bool) -> None:
        """To two replicas at once: the same one, or its proofs under two merge ids."""
        may = (
            not merge.spent
            and merge.credentials == self.credentials
            and self.now < merge.at + LATEST
            and not (self.frozen or self.merged)
        )
        request, world = merge.request, self.world
        async with self.told() as told:
            await asyncio.gather(
                deliver(world.identity, envelope(request, world.identity)),
                deliver(
                    world.beside,
                    envelope(again(request) if anew else request, world.identity),
                ),
            )
        assert await world.identity.rows("SELECT FROM inbox_retry") == []
        merge.spent = True
        merged = await world.identity.events("accounts-merged")
        assert len(merged) == may
        if may:
            survivor = request.survivor_id
            await told.once("account.merge", "accounts-merged", [self.email], of=survivor)
            self.goes_on(merge.seat) if merge.seat else self.is_absorbed()

    def goes_on(self, asked: Seat) -> None:
        """With what the other one had; its own credentials stay."""
        self.brought_along += 1
        self.all_end(spare=asked)
        self.all_narrow()

    def is_absorbed(self) -> None:
        """Nothing that was ever handed out for it opens anything."""
        self.merged = True
        self.credentials += 1
        self.all_end()
        self.loses_its_passkeys()
        if self.two_step is not None:
            self.loses_two_step()
        for device in self.devices:
            device.void = True
