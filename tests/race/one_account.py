"""One account, its holder, a thief who has the password, and a clock: whatever they do in turn.

The machine draws what comes next (Hypothesis), and keeps a model beside the product of what must
not be: a secret that is good twice, a session that outlives its end, a full session without the
second step, a change of credentials that leaves no audit row or reaches not who it should.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any, ClassVar, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from deploy.local.provision import DatabaseAccess
from services.identity.passwords.model import LockPolicy
from tests.builders.practices import (
    Postman,
    postman_beside,
    practice_desk,
)
from tests.builders.two_step import WRONG_CODE, code_of
from tests.rigs.identity import PASSWORD, Identity, Person, Recovery, identity_service
from tests.rigs.identity import recovery_beside as recovery_of
from tests.rigs.replica import Answer
from tests.support.clock import FakeClock
from tests.support.database import administered

T = TypeVar("T")
HOLDER, THIEF = "holder", "thief"
ACCESS = timedelta(minutes=5)
IDLE = timedelta(minutes=15)
FRESH = timedelta(minutes=10)
PROVEN = timedelta(minutes=5)
RESETS = timedelta(minutes=10)
REST = timedelta(seconds=5)  # of a new refresh token, which does not rotate until then
TWIN = timedelta(seconds=31)  # after 30 it is reuse
MAYBE_LOCKED = timedelta(minutes=36)  # ten wrong codes in 15 minutes lock for 20
STEP = 30
LIMITED = 429
MANY = 40  # sessions: past 50 the one idle longest ends (SE-1), which has tests of its own

actors = st.sampled_from([HOLDER, THIEF])
twins = st.integers(1, 3)
some = st.integers(0, 1000)  # the number of one of those there are, taken modulo
kinds = st.sampled_from(["app"] * 4 + ["recovery"] * 3 + ["wrong", "replayed", "used", "void"])
verbs = st.sampled_from(
    ["password", "username", "email", "two-step-off"] + ["recovery-codes"] * 3
)  # new codes are for who has an app, which not every life comes to


@dataclass(slots=True, kw_only=True, eq=False)
class Seat:
    """A session, as whoever began it knows it."""

    actor: str
    access: str
    refresh: str
    full: bool
    began: datetime  # when a password opened it
    issued: datetime
    refreshed: datetime
    ended: bool = False
    over: str = ""  # the access token of which it was seen that it is over


@dataclass(slots=True, kw_only=True, eq=False)
class App:
    """The second step, in the hands of whoever set it up."""

    owner: str
    secret: str
    codes: list[str]
    last: int


@dataclass(slots=True, kw_only=True, eq=False)
class Proof:
    """A grant: for a verb in a session, or for a reset."""

    text: str
    actor: str
    verb: str
    at: datetime
    credentials: int
    seat: Seat | None = None
    spent: bool = False


@dataclass(slots=True, kw_only=True, eq=False)
class Link:
    """What was mailed to verify an address."""

    text: str
    address: str
    at: datetime
    used: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Identity over a database, which all the accounts share; each is the only one of its run."""

    runner: asyncio.Runner
    identity: Identity
    beside: Identity  # another replica
    recovery: Recovery
    postman: Postman
    clock: FakeClock
    numbers: "count[int]" = field(default_factory=lambda: count(1))


def whole(told: Mapping[str, Any], recipients: Sequence[str], *, credentials: bool) -> bool:
    """Whether a message reaches whom it should; of credentials, each with a link of its own that
    says it was not me (RC-9).
    """
    links = [sealed["recipient"] for sealed in told.get("not_me", ())]
    owed = recipients if credentials else ()
    return (sorted(told["recipients"]), sorted(links)) == (sorted(recipients), sorted(owed))


class OneAccount(RuleBasedStateMachine):
    """What may happen to it, and what must not."""

    world: ClassVar[World]

    @initialize()
    def begins(self) -> None:
        """She has enrolled, and verified an account e-mail; the thief knows her password."""
        self.number = next(self.world.numbers)
        self.seats: list[Seat] = []
        self.proofs: list[Proof] = []
        self.links: list[Link] = []
        self.app: App | None = None
        # What is no good any more, as somebody behind her has seen it: codes of an app that were
        # taken, recovery codes that were used, and those that others took the place of.
        self.gone: dict[str, list[str]] = {"replayed": [], "used": [], "void": []}
        self.password = PASSWORD
        self.known = {HOLDER: PASSWORD, THIEF: PASSWORD}
        self.credentials = 0  # how often they changed
        self.failures = 0
        self.locked_until: datetime | None = None
        self.wrong_codes: list[datetime] = []
        self.email = f"{HOLDER}.{self.number}.0@mail.example"
        self.name = f"one.account.{self.number}"
        self.run(self._begins())

    async def _begins(self) -> None:
        identity = self.world.identity
        self.desk = await practice_desk(identity)  # its own: a practice's client has a budget
        await identity.rows("DELETE FROM outbox")
        self.patient_id = await self.desk.enrolled(username=self.name, email=self.email)
        [row] = await identity.rows("SELECT id FROM accounts WHERE username = $1", self.name)
        self.account_id = row["id"]
        session = (await identity.log_on(self.name)).body
        [link] = await self.world.postman.tokens("account-enrolled")
        body = {"token": link}
        verified = await self.call("POST", "/account/email/verify", body, session["access_token"])
        assert verified.status == 200, verified.body
        self.sit(HOLDER, session, began=self.now)

    # ---- what they do

    @precondition(lambda self: sum(map(self.lives, self.seats)) < MANY)
    @rule(actor=actors, twins=twins)
    def logs_on(self, actor: str, twins: int) -> None:
        self.run(self._logs_on(actor, twins))

    async def _logs_on(self, actor: str, twins: int) -> None:
        right = self.known[actor] == self.password
        body = {"name": self.name, "password": self.known[actor]}
        answers = await self.at_once(twins, lambda _: ("POST", "/sessions", body, None))
        told = [self.tried(right) for _ in answers]
        assert sorted(answer.status for answer in answers) == sorted(
            201 if one else 401 for one in told
        )
        for answer in answers:
            if answer.status == 201:
                self.sit(actor, answer.body, began=self.now)

    @precondition(lambda self: self.app is not None and any(self.halves()))
    @rule(which=some, kind=kinds, twins=twins)
    def takes_the_second_step(self, which: int, kind: str, twins: int) -> None:
        seat = self.one(self.halves(), which)
        code, good = self.code(seat.actor, kind)
        if code is not None:
            self.run(self._takes_the_second_step(seat, code, good, twins))

    async def _takes_the_second_step(self, seat: Seat, code: str, good: bool, twins: int) -> None:
        body = {"code": code}
        before = self.maybe_locked()
        answers = await self.at_once(
            twins, lambda _: ("POST", "/sessions/second-step", body, seat.access)
        )
        done = [answer for answer in answers if answer.status == 201]
        if not good or not self.takes(seat):
            assert not done
        else:
            assert len(done) == 1 or (not done and before)
        self.wrong_codes += [self.now for one in answers if one.code.startswith("second_step")]
        if any(answer.code == "second_step_over" for answer in answers):
            seat.ended = True
        for answer in done:
            self.taken(code)
            seat.ended = True
            self.sit(seat.actor, answer.body, began=seat.began, stepped=True)

    @precondition(lambda self: self.seats)
    @rule(which=some, twins=twins)
    def refreshes(self, which: int, twins: int) -> None:
        living = [seat for seat in self.seats if self.lives(seat)]
        self.run(self._refreshes(self.one(living or self.seats, which), twins))

    async def _refreshes(self, seat: Seat, twins: int) -> None:
        body = {"refresh_token": seat.refresh}
        answers = await self.at_once(twins, lambda _: ("POST", "/sessions/refresh", body, None))
        if not self.lives(seat):
            assert {answer.status for answer in answers} == {401}
            return
        assert {answer.status for answer in answers} == {200}
        [successor] = {answer.body["refresh_token"] for answer in answers}
        body = answers[0].body
        assert (body["scope"] == "full") is seat.full
        seat.refresh, seat.access = successor, body["access_token"]
        seat.issued = seat.refreshed = self.now

    @precondition(lambda self: any(map(self.lives, self.seats)))
    @rule(which=some)
    def uses_a_refresh_token_again(self, which: int) -> None:
        """SE-1: whoever has it, too late for a reply that was lost; the session ends with it."""
        seat = self.one([seat for seat in self.seats if self.lives(seat)], which)
        self.world.clock.advance(seconds=REST.seconds)
        spent = seat.refresh
        self.run(self._refreshes(seat, 1))
        self.world.clock.advance(seconds=TWIN.seconds)
        assert self.run(self.world.identity.refresh(spent)).status == 401
        seat.ended = True

    @precondition(lambda self: any(self.fulls()))
    @rule(which=some, verb=verbs, kind=kinds)
    def confirms(self, which: int, verb: str, kind: str) -> None:
        """SE-3: gives the password again, and a code where two-step is on."""
        self.run(self._confirms(self.one(self.fulls(), which), verb, kind))

    @precondition(lambda self: any(self.fulls()))
    @rule(which=some, verb=verbs, kind=kinds, twins=twins)
    def changes_something(self, which: int, verb: str, kind: str, twins: int) -> None:
        """Confirms, and at once uses it."""
        known = len(self.proofs)
        self.run(self._confirms(self.one(self.fulls(), which), verb, kind))
        if len(self.proofs) > known:
            self.run(self._uses_a_confirmation(self.proofs[-1], twins))

    async def _confirms(self, seat: Seat, verb: str, kind: str) -> None:
        code, good = self.code(seat.actor, kind) if self.app else (None, True)
        body = {"password": self.known[seat.actor], "verb": verb}
        before, may = self.maybe_locked(), self.takes(seat)
        answer = await self.call(
            "POST", "/account/reauthenticate", body | ({"code": code} if code else {}), seat.access
        )
        if not may:
            assert answer.status == 401
            return
        told = self.tried(self.known[seat.actor] == self.password)
        good = good and (code is not None or self.app is None)
        assert answer.status == 200 or not (told and good) or before
        assert answer.status != 200 or (told and good)
        if answer.code == "second_step_failed":
            self.wrong_codes.append(self.now)
        if answer.status == 200:
            if code is not None:
                self.taken(code)
            self.proofs.append(
                Proof(
                    text=answer.body["grant"],
                    actor=seat.actor,
                    verb=verb,
                    at=self.now,
                    credentials=self.credentials,
                    seat=seat,
                )
            )
            if code is not None and kind == "recovery":
                await self._confirms(seat, verb, "used")

    @precondition(lambda self: any(proof.verb != "reset" for proof in self.proofs))
    @rule(which=some, twins=twins)
    def uses_a_confirmation(self, which: int, twins: int) -> None:
        proof = self.one([proof for proof in self.proofs if proof.verb != "reset"], which)
        self.run(self._uses_a_confirmation(proof, twins))

    async def _uses_a_confirmation(self, proof: Proof, twins: int) -> None:
        seat = proof.seat
        assert seat is not None
        numbers = [next(self.world.numbers) for _ in range(twins)]
        said: Mapping[str, Callable[[int], tuple[str, str, Mapping[str, str]]]] = {
            "password": lambda n: ("PUT", "/account/password", {"new_password": new_password(n)}),
            "username": lambda n: ("PUT", "/account/username", {"username": f"one.account.{n}"}),
            "email": lambda n: ("POST", "/account/email", {"address": address(seat.actor, n)}),
            "two-step-off": lambda _: ("POST", "/account/two-step/off", {}),
            "recovery-codes": lambda _: ("POST", "/account/two-step/recovery-codes", {}),
        }
        may = (
            not proof.spent
            and self.takes(seat)
            and self.now < proof.at + PROVEN
            and proof.credentials == self.credentials
            and (self.app is not None or proof.verb not in ("two-step-off", "recovery-codes"))
        )

        def request(place: int) -> tuple[str, str, Mapping[str, str], str]:
            method, path, body = said[proof.verb](numbers[place])
            return method, path, {**body, "reauthenticated": proof.text}, seat.access

        async with self.told() as told:
            answers = await self.at_once(twins, request)
        done = [place for place, one in enumerate(answers) if one.status < 400]
        limited = any(answer.status == LIMITED for answer in answers)
        assert len(done) == 1 or (not done and (limited or not may)), [
            (one.status, one.code) for one in answers
        ]
        assert may or not done
        if done:
            proof.spent = True
            answer, number = answers[done[0]], numbers[done[0]]
            await CHANGES[proof.verb](self, seat, answer, number, told)

    async def _password(self, seat: Seat, answer: Answer, number: int, told: "Told") -> None:
        await told.once("password.change", "password-changed", [self.email])
        self.learns(seat.actor, new_password(number))
        self.all_end()
        self.sit(seat.actor, answer.body, began=self.now, stepped=True)

    async def _username(self, _: Seat, __: Answer, number: int, told: "Told") -> None:
        await told.once("username.change", "username-changed", [self.email])
        self.name = f"one.account.{number}"

    async def _email(self, seat: Seat, _: Answer, number: int, told: "Told") -> None:
        to = address(seat.actor, number)
        await told.once("email.claim", "email-verification-requested", [to])
        *_rest, link = await self.world.postman.tokens("email-verification-requested")
        for other in self.links:
            other.used = True  # a newer one voids it
        self.links.append(Link(text=str(link), address=to, at=self.now))

    async def _off(self, seat: Seat, _: Answer, __: int, told: "Told") -> None:
        await told.once("two-step.turn-off", "two-step-turned-off", [self.email])
        self.loses_its_app()
        self.changes(spare=seat)

    async def _codes(self, seat: Seat, answer: Answer, _: int, told: "Told") -> None:
        await told.once("recovery-codes.make", "recovery-codes-made", [self.email])
        assert self.app is not None
        self.gone["void"] += self.app.codes
        self.app.codes = list(answer.body["recovery_codes"])
        self.app.owner = seat.actor
        await self._confirms(seat, "recovery-codes", "void")

    @precondition(lambda self: any(self.fulls()))
    @rule(which=some, twins=twins)
    def sets_up_an_app(self, which: int, twins: int) -> None:
        """MF-1, without a confirmation: within ten minutes, and only a first one."""
        self.run(self._sets_up_an_app(self.one(self.fulls(), which), twins))

    async def _sets_up_an_app(self, seat: Seat, twins: int) -> None:
        path, may = "/account/two-step/app", self.takes(seat)
        begun = await self.call("POST", path, {}, seat.access)
        allowed = may and self.app is None and self.now < seat.began + FRESH
        assert (begun.status == 201) is allowed
        if not allowed:
            return
        secret = begun.body["secret"]
        body = {"code": code_of(secret, self.now)}
        async with self.told() as told:
            answers = await self.at_once(
                twins, lambda _: ("POST", f"{path}/confirm", body, seat.access)
            )
        limited = [answer for answer in answers if answer.status == LIMITED]
        if len(limited) == len(answers):
            return  # five sets of recovery codes were made within this hour
        [done] = [answer for answer in answers if answer.status == 200]
        await told.once("two-step.confirm", "two-step-turned-on", [self.email])
        self.app = App(
            owner=seat.actor,
            secret=secret,
            codes=list(done.body["recovery_codes"]),
            last=int(self.now.timestamp()) // STEP,
        )
        self.wrong_codes.clear()
        self.changes(spare=seat)

    @precondition(lambda self: self.links and any(self.fulls()))
    @rule(which=some, session=some, twins=twins)
    def opens_a_link(self, which: int, session: int, twins: int) -> None:
        link, seat = self.one(self.links, which), self.one(self.fulls(), session)
        if link.address.startswith(seat.actor):
            self.run(self._opens_a_link(link, seat, twins))

    async def _opens_a_link(self, link: Link, seat: Seat, twins: int) -> None:
        may = not link.used and self.now < link.at + timedelta(hours=1) and self.takes(seat)
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
            self.email = link.address
            self.changes(spare=seat)
            for proof in self.proofs[known:]:
                await self._uses_a_confirmation(proof, 1)

    @precondition(lambda self: True)
    @rule()
    def asks_for_a_reset(self) -> None:
        """RC-3: whoever has the mailbox gets the link; recovery makes a grant of it."""
        self.run(self._asks_for_a_reset())

    async def _asks_for_a_reset(self) -> None:
        actor = self.email.partition(".")[0]
        [row] = await self.world.identity.rows(
            "SELECT security_version FROM accounts WHERE id = $1", self.account_id
        )
        person = Person(id=self.account_id, username=self.name, password="", email=self.email)
        grant = await self.world.recovery.grant(person, security_version=row["security_version"])
        self.proofs.append(
            Proof(text=grant, actor=actor, verb="reset", at=self.now, credentials=self.credentials)
        )

    @precondition(lambda self: any(proof.verb == "reset" for proof in self.proofs))
    @rule(which=some, twins=twins)
    def resets(self, which: int, twins: int) -> None:
        proof = self.one([proof for proof in self.proofs if proof.verb == "reset"], which)
        self.run(self._resets(proof, twins))

    async def _resets(self, proof: Proof, twins: int) -> None:
        may = (
            not proof.spent
            and self.now < proof.at + RESETS
            and proof.credentials == self.credentials
        )
        numbers = [next(self.world.numbers) for _ in range(twins)]
        async with self.told() as told:
            answers = await self.at_once(
                twins,
                lambda place: (
                    "POST",
                    "/passwords/reset",
                    {"grant": proof.text, "new_password": new_password(numbers[place])},
                    None,
                ),
            )
        done = [place for place, one in enumerate(answers) if one.status == 200]
        assert len(done) == may
        if may:
            await told.once("password.reset", "password-reset", [self.email])
            proof.spent = True
            self.failures, self.locked_until = 0, None
            self.learns(proof.actor, new_password(numbers[done[0]]))
            self.all_end()
            self.sit(proof.actor, answers[done[0]].body, began=self.now)

    @precondition(lambda self: self.app is not None)
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
        self.loses_its_app()
        self.credentials += 1
        self.all_end()

    @precondition(lambda self: any(self.fulls()))
    @rule(which=some)
    def ends_the_others(self, which: int) -> None:
        seat = self.one(self.fulls(), which)
        may = self.takes(seat)
        answer = self.run(self.call("POST", "/sessions/end-others", None, seat.access))
        assert (answer.status < 400) is may
        if may:
            self.all_end(spare=seat)

    @rule(seconds=st.sampled_from([1, 7, 31, 31, 31, 95, 301, 640, 905]))
    def time_goes_on(self, seconds: int) -> None:
        self.world.clock.advance(seconds=seconds)

    # ---- what must hold

    @invariant()
    def no_session_opens_more_than_it_may(self) -> None:
        self.run(self._no_session_opens_more_than_it_may())

    async def _no_session_opens_more_than_it_may(self) -> None:
        for seat in self.seats:
            if seat.over == seat.access:
                continue  # looked at before, and no token comes to life again
            answer = await self.call("GET", "/sessions", None, seat.access)
            expected = 401 if not self.takes(seat) else 200 if seat.full else 403
            assert answer.status == expected, (answer.status, expected, seat)
            if expected == 401:
                seat.over = seat.access

    # ---- the model

    @property
    def now(self) -> datetime:
        return self.world.clock.now()

    def run(self, work: Awaitable[T]) -> T:
        async def done() -> T:
            return await work

        return self.world.runner.run(done())

    async def call(self, method: str, path: str, body: Any, token: str | None) -> Answer:
        return await self.world.identity.call(method, path, body, token=token)

    async def at_once(
        self, twins: int, request: Callable[[int], tuple[str, str, Any, str | None]]
    ) -> list[Answer]:
        """Send so many at the same moment, over two replicas."""
        replicas = (self.world.identity, self.world.beside)

        async def send(place: int) -> Answer:
            method, path, body, token = request(place)
            return await replicas[place % 2].call(method, path, body, token=token)

        return list(await asyncio.gather(*(send(place) for place in range(twins))))

    def told(self) -> "Told":
        """What is on record, and told, of what is done meanwhile."""
        return Told(identity=self.world.identity, account_id=self.account_id)

    def one(self, those: Sequence[T], which: int) -> T:
        """One of them, mostly one that is good for something yet."""
        good = [one for one in those if self.is_good(one)]
        found = good if good and which % 4 else those
        return found[which // 4 % len(found)]

    def is_good(self, one: object) -> bool:
        match one:
            case Seat():
                return self.takes(one)
            case Proof():
                return not one.spent and one.credentials == self.credentials
            case _:
                return True

    def halves(self) -> list[Seat]:
        return [seat for seat in self.seats if not seat.full]

    def fulls(self) -> list[Seat]:
        return [seat for seat in self.seats if seat.full]

    def lives(self, seat: Seat) -> bool:
        return not seat.ended and self.now < seat.refreshed + IDLE

    def takes(self, seat: Seat) -> bool:
        """Whether its access token is good."""
        return not seat.ended and self.now < seat.issued + ACCESS

    def sit(
        self, actor: str, body: Mapping[str, Any], *, began: datetime, stepped: bool = False
    ) -> None:
        """Somebody has a new session; it is full only with the second step, where that is on."""
        full = self.app is None or stepped
        assert (body["scope"] == "full") is full, body
        self.seats.append(
            Seat(
                actor=actor,
                access=body["access_token"],
                refresh=body["refresh_token"],
                full=full,
                began=began,
                issued=self.now,
                refreshed=self.now,
            )
        )

    def all_end(self, *, spare: Seat | None = None) -> None:
        for seat in self.seats:
            seat.ended = seat.ended or seat is not spare

    def changes(self, *, spare: Seat) -> None:
        """Credentials changed in this session: others end, and what was proven before is void."""
        self.credentials += 1
        self.all_end(spare=spare)

    def loses_its_app(self) -> None:
        """Two-step is off, and what codes there were are void."""
        assert self.app is not None
        self.gone["void"] += self.app.codes
        self.app = None

    def learns(self, actor: str, password: str) -> None:
        self.password = self.known[actor] = password
        self.credentials += 1

    def tried(self, right: bool) -> bool:
        """LG-2: whether a password is told to be right."""
        if self.locked_until is not None and self.now < self.locked_until:
            return False
        policy = LockPolicy()
        self.failures = 0 if right else self.failures + 1
        if self.failures == policy.failures:
            self.failures, self.locked_until = 0, self.now + policy.lasts
        return right

    def maybe_locked(self) -> bool:
        """Whether so many codes were wrong that right ones may be refused too (MF-3)."""
        return sum(self.now - at < MAYBE_LOCKED for at in self.wrong_codes) >= 10

    def code(self, actor: str, kind: str) -> tuple[str | None, bool]:
        """A code of this kind in this one's hands, and whether it is good; None: there is none."""
        app = self.app
        if kind in self.gone:
            return (self.gone[kind][-1] if self.gone[kind] else None), False
        if app is None or app.owner != actor or kind == "wrong":
            return WRONG_CODE, False
        if kind == "recovery":
            return (app.codes[0], True) if app.codes else (None, False)
        current = int(self.now.timestamp()) // STEP
        for shift in (0, 1):
            if current + shift > app.last:
                return code_of(app.secret, self.now, shift=shift), True
        return None, False

    def taken(self, code: str) -> None:
        """It was good, and is no more."""
        assert self.app is not None
        if code in self.app.codes:
            self.app.codes.remove(code)
            self.gone["used"].append(code)
            return
        self.gone["replayed"].append(code)
        current = int(self.now.timestamp()) // STEP
        self.app.last = next(
            current + shift
            for shift in (0, 1)
            if code_of(self.app.secret, self.now, shift=shift) == code
        )


@dataclass(slots=True, kw_only=True)
class Told:
    """The audit rows and events of an account since it was entered."""

    identity: Identity
    account_id: Any
    audited: dict[str, int] = field(default_factory=dict)

    async def __aenter__(self) -> "Told":
        self.audited = await self._audited()
        await self.identity.rows("DELETE FROM outbox")
        return self

    async def __aexit__(self, *_: object) -> None:
        """Nothing is put back."""

    async def once(self, action: str, event: str, recipients: Sequence[str]) -> None:
        """Assert one row of this action, and one whole message to these."""
        now = await self._audited()
        assert now.get(action, 0) - self.audited.get(action, 0) == 1, action
        [told] = await self.identity.events(event)
        assert told["account_id"] == str(self.account_id)
        credentials = event != "email-verification-requested"
        assert whole(told, recipients, credentials=credentials), (event, told, recipients)

    async def _audited(self) -> dict[str, int]:
        rows = await self.identity.rows(
            "SELECT action, count(*) AS rows FROM audit_entries"
            " WHERE subject = $1 AND outcome = 'done' GROUP BY action",
            f"account:{self.account_id}",
        )
        return {row["action"]: row["rows"] for row in rows}


CHANGES: Mapping[str, Callable[..., Awaitable[None]]] = {
    "password": OneAccount._password,
    "username": OneAccount._username,
    "email": OneAccount._email,
    "two-step-off": OneAccount._off,
    "recovery-codes": OneAccount._codes,
}
"""What a confirmed change makes of the model."""


def new_password(number: int) -> str:
    return f"Copper!Lantern-{number}"


def address(actor: str, number: int) -> str:
    """One whose mailbox is this actor's."""
    return f"{actor}.{number}@mail.example"


def play(access: DatabaseAccess, *, examples: int, steps: int, chance: bool) -> None:
    """Play so many lives of an account, each of so many steps at the most; by chance, or alike each
    time. Runs an event loop of its own, so not in the thread of another.
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
                ),
            )
        finally:
            runner.run(stack.aclose())


async def opened(stack: AsyncExitStack, runner: asyncio.Runner, access: DatabaseAccess) -> World:
    """Put two replicas together over this database."""
    clock = FakeClock()
    database = await stack.enter_async_context(administered(access))
    identity = await stack.enter_async_context(identity_service(database, clock))
    return World(
        runner=runner,
        identity=identity,
        beside=await stack.enter_async_context(identity_service(database, clock)),
        recovery=await stack.enter_async_context(recovery_of(identity)),
        postman=await stack.enter_async_context(postman_beside(identity)),
        clock=clock,
    )
