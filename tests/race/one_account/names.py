"""What the account is known by, and where it is written to: password, username, e-mail, practices
(ID-2, ID-6, ID-7, EN-5).
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.race.one_account.confirmations import Change, Confirmations
from tests.race.one_account.holdings import Link, Seat
from tests.race.one_account.life import (
    FULL,
    GATES,
    SETTINGS,
    Life,
    actors,
    kinds,
    some,
    twins,
)
from tests.race.one_account.touches import TOUCHED
from tests.race.one_account.world import Told
from tests.rigs.replica import Answer

LINK = timedelta(hours=1)
NO_TOKEN = "ZZZZ-ZZZZ-ZZZZ-ZZZZ"


def new_password(number: int) -> str:
    return f"Copper!Lantern-{number}"


def address(actor: str, number: int) -> str:
    """One whose mailbox is this actor's."""
    return f"{actor}.{number}@mail.example"


class Password(Change[Confirmations]):
    """Every session ends, and a new one begins where the asking one was."""

    verb = "password"

    def request(self, number: int) -> tuple[str, str, Mapping[str, Any]]:
        body = {"new_password": new_password(number), "reauthenticated": self.proof.text}
        return "PUT", "/account/password", body

    async def done(self, answer: Answer, number: int, told: Told) -> None:
        life, seat = self.life, self.seat
        await told.once("password.change", "password-changed", [life.email])
        life.learns(seat.actor, new_password(number))
        life.all_end()
        life.seat(
            seat.actor,
            answer.body,
            by="password-change",
            name=seat.name,
            full=True,
            at=seat.device,
        )


class Username(Change[Confirmations]):
    verb = "username"

    def request(self, number: int) -> tuple[str, str, Mapping[str, Any]]:
        body = {"username": f"one.account.{number}", "reauthenticated": self.proof.text}
        return "PUT", "/account/username", body

    async def done(self, answer: Answer, number: int, told: Told) -> None:
        await told.once("username.change", "username-changed", [self.life.email])
        self.life.given_up.append(self.life.name)
        self.life.name = f"one.account.{number}"


class Email(Change[Confirmations]):
    """Claimed: nothing changes before its link is opened."""

    verb = "email"

    def request(self, number: int) -> tuple[str, str, Mapping[str, Any]]:
        body = {"address": address(self.seat.actor, number), "reauthenticated": self.proof.text}
        return "POST", "/account/email", body

    async def done(self, answer: Answer, number: int, told: Told) -> None:
        life, to = self.life, address(self.seat.actor, number)
        await told.once("email.claim", "email-verification-requested", [to])
        *_rest, link = await life.world.postman.tokens("email-verification-requested")
        for other in life.links:
            other.used = True  # a newer one voids it
        life.linked_at = max(life.now, life.linked_at + timedelta(microseconds=1))
        life.links.append(Link(text=str(link), address=to, at=life.linked_at))


class Practice(Change[Confirmations]):
    """What sessions see has changed: each goes on, with new tokens."""

    verb = "practice"
    token = ""

    def is_open(self) -> bool:
        """Without a practice left, too (UN-4)."""
        return self.life.takes_as(self.seat, FULL, SETTINGS)

    async def prepared(self) -> bool:
        desk = await self.life.desk.renewed()
        self.token = await desk.a_token()
        return True

    def request(self, number: int) -> tuple[str, str, Mapping[str, Any]]:
        body = {"token": self.token, "reauthenticated": self.proof.text}
        return "POST", "/account/practices", body

    async def done(self, answer: Answer, number: int, told: Told) -> None:
        await told.once("enrol.existing-account", "enrolment-added", [self.life.email])
        self.life.added += 1
        self.life.all_narrow()


CHANGES: Mapping[str, type[Change[Any]]] = {
    "password": Password,
    "username": Username,
    "email": Email,
    "practice": Practice,
}


class Names(Confirmations, Life):
    """The link that a claimed address is verified by, and a practice that is added by name."""

    @precondition(lambda self: self.links and any(self.fulls()))
    @rule(which=some, session=some, twins=twins)
    def opens_a_link(self, which: int, session: int, twins: int) -> None:
        link, seat = self.one(self.links, which), self.one(self.fulls(), session)
        if link.address.startswith(seat.actor):
            self.run(self._opens_a_link(link, seat, twins))

    async def _opens_a_link(self, link: Link, seat: Seat, twins: int) -> None:
        late = self.now >= link.at + LINK
        may = not link.used and not late and self.takes_as(seat, FULL, GATES)
        if late and not link.used and self.takes_as(seat, FULL, GATES):
            self.was_too_late("e-mail link")
        await self._logs_on(seat.actor, 1)  # another session, which ends by it
        known = len(self.proofs)
        await self._confirms(seat, "username", "app")  # which is void by it
        body, path = {"token": link.text}, "/account/email/verify"
        async with self.told() as told:
            answers = await self.at_once(twins, lambda _: ("POST", path, body, seat.access))
        assert sum(answer.status == 200 for answer in answers) == may
        if may:
            link.used = True
            await told.once("email.verify", "account-email-changed", [self.email, link.address])
            self.hears(told)
            self.replaced.append((self.now, self.email, self.email_since))
            self.email, self.email_since = link.address, self.now
            self.changes(spare=seat)
            for proof in self.proofs[known:]:
                await self._uses_a_confirmation(proof, 1)

    @rule(actor=actors, kind=kinds, twins=twins, dead=st.booleans())
    def adds_a_practice_by_name(self, actor: str, kind: str, twins: int, dead: bool) -> None:
        """EN-5, without a session: by name and password, and a code where two-step is on."""
        self.run(self._adds_a_practice_by_name(actor, kind, twins, dead=dead))

    async def _adds_a_practice_by_name(
        self, actor: str, kind: str, twins: int, *, dead: bool
    ) -> None:
        """Where the token is refused the code is given back, and what is wrong is counted."""
        kind = self.at_hand(actor) if kind == "at hand" else kind
        code, good = None, self.two_step is None
        if self.two_step is not None and kind not in TOUCHED:
            code, good = self.code(actor, kind)
        desk = await self.desk.renewed()
        body = {
            "token": NO_TOKEN if dead else await desk.a_token(),
            "name": self.name,
            "password": self.known[actor],
            **({"code": code} if code else {}),
        }
        before, path = self.maybe_locked(), "/enrolments/existing-account"
        async with self.told() as told:
            answers = await self.at_once(twins, lambda _: ("POST", path, body, None))
        right = self.known[actor] == self.password
        proven = all([self.tried(right) for _ in answers])
        may = proven and good and not (dead or self.merged)
        done = [answer for answer in answers if answer.status == 201]
        assert len(done) == may or (not done and before), [
            (one.status, one.code) for one in answers
        ]
        self.wrong_codes += [self.now for one in answers if one.code == "second_step_failed"]
        if not done:
            assert await self.world.identity.events("enrolment-added") == []
            return
        await told.once("enrol.existing-account", "enrolment-added", [self.email])
        self.world.done["practice added by name"] += 1
        self.added += 1
        self.all_narrow()
        if code is not None:
            self.taken(code)
