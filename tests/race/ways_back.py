"""One account, its holder and a thief, and every way back in: whatever they try in turn.

recovery and identity are both real, on one database; what each tells goes to the other at once, or
a while later. The model beside them knows who has which proof. What must not be: a grant or a
session for who has not what the way's row demands, a grant that sets two passwords or outlives a
change, a full session without the second step, a mail to an address that is not the account's.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Iterator, Mapping, Sequence, Set
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any, ClassVar, TypeVar
from uuid import UUID

import msgspec
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from deploy.local.provision import DatabaseAccess
from services.recovery.practice_tokens.errors import ResetTokenLimit
from services.recovery.practice_tokens.model import HandedOver
from shared.acts import By
from shared.audit.entries import Origin
from shared.contracts.envelope import Envelope
from shared.contracts.identity import PASSWORD_RESET, PasswordReset, ResetRoute
from shared.contracts.ids import AccountId, PatientId, PracticeId
from shared.contracts.notify import NotificationAddressesChanged
from shared.contracts.recovery import (
    RESET_LINK_REQUESTED,
    USERNAME_REMINDER_REQUESTED,
    ResetLinkRequested,
    UsernameReminderRequested,
)
from shared.contracts.topology import QUEUES
from shared.errors import Conflict
from shared.randomness import Randomness
from shared.trust.sealing import Opener
from tests.builders.practices import (
    BIRTH_DATE,
    FIRST_NAME,
    LAST_NAME,
    Postman,
    desk_of,
    enrol,
    postman_beside,
)
from tests.builders.questions import FIVE, WRONG_ANSWER, answered, codes
from tests.builders.two_step import WRONG_CODE, code_of
from tests.rigs.identity import PASSWORD, Identity, identity_service
from tests.rigs.recovery import Recovery, a_sealing_key, replica
from tests.rigs.replica import Answer
from tests.support.clock import FakeClock
from tests.support.database import administered
from tests.support.deliveries import delivered

T = TypeVar("T")
HOLDER, THIEF = "holder", "thief"
GRANT = timedelta(minutes=10)
ADDRESS = "12 Elm Street, Springfield, IL 62704"
MAILBOX, ANSWERS, SLIP, FIELDS = "mailbox", "answers", "slip", "fields"
DEMANDS: Mapping[ResetRoute, str] = {
    ResetRoute.LINK: MAILBOX,
    ResetRoute.QUESTIONS: ANSWERS,
    ResetRoute.PRACTICE_TOKEN: SLIP,
    ResetRoute.VALIDATION: FIELDS,
}
"""What one must have to go each way."""
RANDOM = Randomness()

actors = st.sampled_from([HOLDER, THIEF])
some = st.integers(0, 1000)  # the number of one of those there are, taken modulo
twins = st.integers(1, 3)
at_once = st.integers(0, 3)  # how many passwords are set by a grant as soon as it is there


@dataclass(slots=True, kw_only=True, eq=False)
class Proof:
    """A link, a slip, a success or a round: one new password at the most."""

    text: str = ""
    credentials: int  # how often they had changed as it began
    spent: bool = False


@dataclass(slots=True, kw_only=True, eq=False)
class Grant:
    """What a proof was exchanged for."""

    text: str
    route: ResetRoute
    actor: str
    at: datetime
    proof: Proof


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Both services over a database, which all the accounts share; each is the only one of its run.

    `arrived` counts the sessions that began, by way and by whom.
    """

    runner: asyncio.Runner
    identity: Identity
    recovery: Recovery
    postman: Postman
    clock: FakeClock
    arrived: "Counter[tuple[ResetRoute, str]]"
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    async def delivers(self) -> None:
        """Hand what each has told to the other, oldest first; it is in no outbox any more."""
        for sender, receiver in ((self.identity, "recovery"), (self.recovery, "identity")):
            service = "identity" if receiver == "recovery" else "recovery"
            rows = await sender.rows("DELETE FROM outbox RETURNING id, routing_key, body")
            for row in sorted(rows, key=lambda row: row["id"]):
                for queue in QUEUES:
                    keys = {contract.routing_key for contract in queue.contracts}
                    if queue.service == receiver and row["routing_key"] in keys:
                        await self._at(receiver, queue.name, row["body"], service)

    async def _at(self, receiver: str, queue: str, body: bytes, by: str) -> None:
        if receiver == "recovery":
            await self.recovery.take_in(queue, delivered(body, by))
        else:
            await self.identity.take_in(queue, delivered(body, by))

    async def opened(self, envelope: Envelope, sealed: Any) -> str:
        """As notify opens it at the moment of sending."""
        opener = Opener(own_keys=self.postman.notify.own_keys)
        return await opener.open(sealed, event_id=envelope.id)


class WaysBack(RuleBasedStateMachine):
    """What may be tried, and what must not come of it."""

    world: ClassVar[World]

    @initialize(
        has=st.sampled_from([(), (), ("email",), ("questions",), ("email", "questions", "app")]),
        stolen=st.sets(st.sampled_from([MAILBOX, ANSWERS, SLIP, FIELDS]), max_size=3),
    )
    def begins(self, has: Sequence[str], stolen: set[str]) -> None:
        """She has enrolled; the thief knows her username and has some of what is hers, not all."""
        self.number = next(self.world.numbers)
        self.name = f"ways.back.{self.number}"
        self.email = f"{self.name}@mail.example"
        self.other = f"{self.name}@elsewhere.example"
        self.has_email, self.has_questions, self.app = "email" in has, False, ""
        self.has = {HOLDER: set(DEMANDS.values()), THIEF: stolen}
        self.links: list[Proof] = []
        self.slips: list[Proof] = []
        self.grants: list[Grant] = []
        self.not_me: list[str] = []
        self.password = PASSWORD
        self.credentials = 0
        self.frozen = self.by_practice = self.validated = False
        self.named = False  # whether her name was ever typed beside her other address
        self.run(self._begins(has))

    async def _begins(self, has: Sequence[str]) -> None:
        identity, recovery = self.world.identity, self.world.recovery
        client = await identity.a_practice_client(security_questions=True)
        self.desk = await desk_of(identity, client)
        self.phone = f"213 555 {self.number:04}"
        self.patient_id = await self.desk.a_patient(home_phone=self.phone, address=ADDRESS)
        issued = await self.desk.issue(self.patient_id)
        assert issued.status == 201, issued.body
        token = issued.body["token"]
        typed = {"email": self.email} if self.has_email else {}
        assert (await enrol(identity, token, username=self.name, **typed)).status == 201
        [row] = await identity.rows("SELECT id FROM accounts WHERE username = $1", self.name)
        self.account_id = AccountId(row["id"])
        bearer = (await identity.logged_on(self.name))["access_token"]
        if self.has_email:
            link = (await self.world.postman.tokens("account-enrolled"))[-1]
            said = {"token": link}
            done = await identity.call("POST", "/account/email/verify", said, token=bearer)
            assert done.status == 200, done.body
        await self.world.delivers()
        told = NotificationAddressesChanged(account_id=self.account_id, addresses=(self.other,))
        handler = recovery.projections.keep_notification_addresses
        await recovery.hear(handler, told, version=2, publisher="notify")
        if "questions" in has:
            assert (await recovery.sets(bearer)).status == 200
            self.has_questions = True
        await self.world.delivers()
        if "app" in has:
            await self._sets_up_an_app()
        await self.world.delivers()

    async def _sets_up_an_app(self) -> None:
        """In a full session, which is one at no gate: with the five questions set."""
        identity = self.world.identity
        bearer = (await identity.logged_on(self.name))["access_token"]
        path = "/account/two-step/app"
        begun = await identity.call("POST", path, {}, token=bearer)
        assert begun.status == 201, begun.body
        said = {"code": code_of(begun.body["secret"], self.now)}
        done = await identity.call("POST", f"{path}/confirm", said, token=bearer)
        assert done.status == 200, done.body
        self.app = begun.body["secret"]
        self.credentials += 1

    # ---- proofs

    @rule()
    def a_link_is_asked_for(self) -> None:
        """By anybody: it goes to her mailbox, if anywhere."""
        self.run(self._a_link_is_asked_for())

    async def _a_link_is_asked_for(self) -> None:
        recovery = self.world.recovery
        asked = await recovery.call("POST", "/resets/links", {"name": self.name})
        assert asked.status == 202
        await recovery.tick()
        for envelope in await recovery.envelopes(RESET_LINK_REQUESTED):
            data = msgspec.json.decode(envelope.data, type=ResetLinkRequested)
            if data.account_id != self.account_id:
                continue  # as below
            assert data.recipients == (self.email,)
            assert self.has_email
            assert not self.frozen
            assert not self.by_practice
            text = await self.world.opened(envelope, data.link)
            self.links.append(Proof(text=text, credentials=self.credentials))
        await self.world.delivers()

    @rule(by_email=st.booleans(), typed=st.sampled_from([LAST_NAME, "Somebody"]))
    def a_username_is_asked_for(self, by_email: bool, typed: str) -> None:
        """RC-1, RC-2: it goes to her addresses, whoever asks, and there as each row says."""
        self.run(self._a_username_is_asked_for(by_email, typed))

    async def _a_username_is_asked_for(self, by_email: bool, typed: str) -> None:
        recovery = self.world.recovery
        named = self.email if by_email else self.other
        said = {"email": named, "last_name": typed, "birth_date": BIRTH_DATE}
        assert (await recovery.call("POST", "/usernames/reminders", said)).status == 202
        await recovery.tick_reminders()
        self.named |= not by_email and typed == LAST_NAME
        for envelope in await recovery.envelopes(USERNAME_REMINDER_REQUESTED):
            data = msgspec.json.decode(envelope.data, type=UsernameReminderRequested)
            if data.account_id != self.account_id:
                continue  # asked for in a life before, while that account was frozen
            assert data.recipients in {(self.email,), (self.other,)}
            assert self.has_email if data.recipients == (self.email,) else self.named
            assert not self.frozen
            assert await self.world.opened(envelope, data.username) == self.name
        await self.world.delivers()

    @rule()
    def the_practice_gives_a_token(self) -> None:
        self.run(self._the_practice_gives_a_token())

    async def _the_practice_gives_a_token(self) -> None:
        origin = Origin(
            actor=f"staff:nurse-7@{self.desk.practice_id}",
            source="192.0.2.7",
            correlation_id=RANDOM.uuid(),
            staff="nurse-7",
            reason="asked at the desk",
        )
        try:
            issued = await self.world.recovery.features.practice_tokens.issuing.issue(
                PracticeId(UUID(self.desk.practice_id)),
                PatientId(UUID(self.patient_id)),
                handed_over=HandedOver.IN_PERSON,
                by=By(origin=origin, now=self.now),
                key=None,
            )
        except ResetTokenLimit:
            return
        except Conflict:
            assert self.frozen
            return
        assert not self.frozen
        self.slips.append(Proof(text=issued.token, credentials=self.credentials))
        await self.world.delivers()

    # ---- the ways

    @rule(actor=actors, which=some, asks=st.booleans(), sets=at_once)
    def goes_by_link(self, actor: str, which: int, asks: bool, sets: int) -> None:
        self.run(self._goes_by_link(actor, which, asks, sets))

    async def _goes_by_link(self, actor: str, which: int, asks: bool, sets: int) -> None:
        if asks:
            await self._a_link_is_asked_for()
        proof = self.held(actor, self.links, MAILBOX, which)
        text = proof.text if proof else "no-link-of-hers"
        answer = await self.ask("/resets/links/redeem", {"token": text})
        await self.granted(ResetRoute.LINK, actor, answer, proof, sets)

    @rule(actor=actors, which=some, asks=st.booleans(), sets=at_once)
    def goes_by_token(self, actor: str, which: int, asks: bool, sets: int) -> None:
        self.run(self._goes_by_token(actor, which, asks, sets))

    async def _goes_by_token(self, actor: str, which: int, asks: bool, sets: int) -> None:
        if asks:
            await self._the_practice_gives_a_token()
        proof = self.held(actor, self.slips, SLIP, which)
        live = {slip.text for slip in self.slips}
        guess = next(text for n in range(100) if (text := f"{n:08}") not in live)
        text = proof.text if proof else guess
        answer = await self.ask("/resets/tokens/redeem", {"username": self.name, "token": text})
        await self.granted(ResetRoute.PRACTICE_TOKEN, actor, answer, proof, sets)

    @rule(actor=actors, sets=at_once)
    def goes_by_questions(self, actor: str, sets: int) -> None:
        self.run(self._goes_by_questions(actor, sets))

    async def _goes_by_questions(self, actor: str, sets: int) -> None:
        right = ANSWERS in self.has[actor]
        asked = codes((await self.ask("/resets/questions", {"name": self.name})).body)
        said = answered(asked, FIVE if right else dict.fromkeys(FIVE, WRONG_ANSWER))
        answer = await self.ask("/resets/questions/answers", {"name": self.name, "answers": said})
        proof = Proof(credentials=self.credentials) if right and self.has_questions else None
        await self.granted(ResetRoute.QUESTIONS, actor, answer, proof, sets)

    @rule(actor=actors, knows_address=st.sampled_from([True, True, False]), sets=at_once)
    def goes_by_validation(self, actor: str, knows_address: bool, sets: int) -> None:
        self.run(self._goes_by_validation(actor, knows_address, sets))

    async def _goes_by_validation(self, actor: str, knows_address: bool, sets: int) -> None:
        right = FIELDS in self.has[actor]
        fields = {
            "username": self.name,
            "birth_date": BIRTH_DATE,
            "last_name": LAST_NAME,
            "first_name": FIRST_NAME,
            "home_phone": self.phone if right else "213 555 9999",
        }
        asked = (await self.ask("/resets/validations", fields)).body
        there = asked["addresses"].index(ADDRESS) if ADDRESS in asked["addresses"] else 4
        choice = there if right and knows_address else (there + 1) % 4
        said = {"challenge": asked["challenge"], "choice": choice}
        answer = await self.ask("/resets/validations/answer", said)
        shut = self.has_email or self.has_questions or self.validated
        proof = (
            Proof(credentials=self.credentials)
            if right and knows_address and there < 4 and not shut
            else None
        )
        await self.granted(ResetRoute.VALIDATION, actor, answer, proof, sets)

    async def granted(
        self, route: ResetRoute, actor: str, answer: Answer, proof: Proof | None, sets: int
    ) -> None:
        """A grant is for who has what the row demands, while that way is open, and no one else."""
        if answer.status != 200:
            return
        assert proof is not None, (route, actor)
        assert DEMANDS[route] in self.has[actor]
        assert not self.frozen
        unfinished = self.validated and not (self.has_email and self.has_questions)  # RC-7
        assert not (self.by_practice or unfinished) or route is ResetRoute.PRACTICE_TOKEN
        grant = Grant(text=answer.body["grant"], route=route, actor=actor, at=self.now, proof=proof)
        self.grants.append(grant)
        if sets:
            await self._sets_a_password(grant, sets)

    # ---- what a grant is good for

    @precondition(lambda self: self.grants)
    @rule(which=some, twins=twins)
    def sets_a_password(self, which: int, twins: int) -> None:
        self.run(self._sets_a_password(self.one(self.grants, which), twins))

    async def _sets_a_password(self, grant: Grant, twins: int) -> None:
        identity, numbers = self.world.identity, [next(self.world.numbers) for _ in range(twins)]
        may = (
            not grant.proof.spent
            and grant.proof.credentials == self.credentials
            and self.now < grant.at + GRANT
            and not self.frozen
            and not (grant.route is ResetRoute.VALIDATION and self.validated)
        )
        answers = await asyncio.gather(
            *(identity.reset(grant.text, f"Copper!Lantern-{number}") for number in numbers)
        )
        done = [place for place, one in enumerate(answers) if one.status == 200]
        assert len(done) == may, [(one.status, one.code) for one in answers]
        if not may:
            return
        grant.proof.spent = True
        self.password = f"Copper!Lantern-{numbers[done[0]]}"
        self.credentials += 1
        self.by_practice = False
        self.validated |= grant.route is ResetRoute.VALIDATION
        for envelope in await identity.envelopes(PASSWORD_RESET):
            told = msgspec.json.decode(envelope.data, type=PasswordReset)
            self.not_me += [await self.world.opened(envelope, each) for each in told.not_me]
        await self.world.delivers()
        await self._arrives(grant, answers[done[0]].body)

    async def _arrives(self, grant: Grant, body: Mapping[str, Any]) -> None:
        """RC-6 ends without a session; then at the log-on, at its gates. No way spares the second
        step (RC-10).
        """
        if grant.route is ResetRoute.VALIDATION:
            assert "access_token" not in body
            body = (await self.world.identity.log_on(self.name, self.password)).body
        whole = self.has_questions and not self.app and not self.validated
        assert (body["scope"] == "full") is whole, body
        self.world.arrived[grant.route, grant.actor] += 1
        if self.app:
            await self._takes_the_second_step(grant.actor, body["access_token"])

    async def _takes_the_second_step(self, actor: str, bearer: str) -> None:
        """The app is in her hands alone."""
        if actor == HOLDER:
            self.world.clock.advance(seconds=31)
        code = code_of(self.app, self.now) if actor == HOLDER else WRONG_CODE
        said = {"code": code}
        answer = await self.world.identity.call("POST", "/sessions/second-step", said, token=bearer)
        assert answer.status != 201 or actor == HOLDER
        assert actor == THIEF or answer.status in (201, 403, 429), answer.body

    @precondition(lambda self: self.has_email or self.validated)  # else that way would be shut soon
    @precondition(lambda self: not (self.has_questions or self.frozen or self.app))
    @rule()
    def she_sets_her_questions(self) -> None:
        """RC-8: right after a log-on, the first five or those after a freeze."""
        self.run(self._she_sets_her_questions())

    async def _she_sets_her_questions(self) -> None:
        answer = await self.world.identity.log_on(self.name, self.password)
        if answer.status == 201:  # since a freeze no password logs on before a token's
            assert (await self.world.recovery.sets(answer.body["access_token"])).status == 200
            self.has_questions = True
        await self.world.delivers()

    @precondition(lambda self: self.not_me and not self.frozen)
    @rule(which=some, asks=st.booleans())
    def it_was_not_her(self, which: int, asks: bool) -> None:
        """RC-9: from here on nothing of before opens anything, a link just asked for either."""
        self.run(self._it_was_not_her(self.one(self.not_me, which), asks))

    async def _it_was_not_her(self, secret: str, asks: bool) -> None:
        if asks:
            await self._a_link_is_asked_for()
        said = {"token": secret, "birth_date": BIRTH_DATE}
        answer = await self.world.identity.call("POST", "/freezes", said)
        assert answer.status in (204, 422, 429), answer.body
        if answer.status == 204:
            self.frozen = self.by_practice = True
            self.has_questions = False
            self.credentials += 1
        await self.world.delivers()
        if self.frozen:
            await self._nothing_of_before_is_redeemed()

    async def _nothing_of_before_is_redeemed(self) -> None:
        for link in self.links[-1:]:
            answer = await self.ask("/resets/links/redeem", {"token": link.text})
            assert answer.status != 200
        for slip in self.slips[-1:]:
            said = {"username": self.name, "token": slip.text}
            assert (await self.ask("/resets/tokens/redeem", said)).status != 200

    @precondition(lambda self: self.frozen)
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

    @rule(seconds=st.sampled_from([1, 31, 61, 301, 601, 1201, 3601]))
    def time_goes_on(self, seconds: int) -> None:
        self.world.clock.advance(seconds=seconds)

    # ---- the model

    @property
    def now(self) -> datetime:
        return self.world.clock.now()

    def run(self, work: Awaitable[T]) -> T:
        async def done() -> T:
            return await work

        return self.world.runner.run(done())

    async def ask(self, path: str, body: Mapping[str, Any]) -> Answer:
        return await self.world.recovery.call("POST", path, dict(body))

    def held(self, actor: str, proofs: Sequence[Proof], what: str, which: int) -> Proof | None:
        """One of these in this one's hands, mostly the newest."""
        if what not in self.has[actor] or not proofs:
            return None
        return proofs[-1] if which % 4 else proofs[which // 4 % len(proofs)]

    def one(self, those: Sequence[T], which: int) -> T:
        """One of them, mostly the newest."""
        return those[-1] if which % 4 else those[which // 4 % len(those)]


ASKED: Mapping[str, Any] = {"which": 1, "asks": True}
EACH_WAY: Sequence[tuple[Sequence[str], str, Mapping[str, Any]]] = (
    (("email",), "goes_by_link", ASKED),
    ((), "goes_by_token", ASKED),
    (("email", "questions", "app"), "goes_by_questions", {}),
    ((), "goes_by_validation", {"knows_address": True}),
)
"""What she has set up, and the way that is open then."""


def play(access: DatabaseAccess, *, examples: int, steps: int, chance: bool) -> None:
    """Play so many lives of an account, each of so many steps at the most; by chance, or alike each
    time. Runs an event loop of its own, so not in the thread of another.
    """
    with playing(access) as machine:
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


def go_each_way(access: DatabaseAccess, stolen: Set[str]) -> Set[tuple[ResetRoute, str]]:
    """Let both go each way to its end, in lives of their own, and each life end with a freeze;
    return who came in by which.
    """
    with playing(access) as machine:
        for actor in (HOLDER, THIEF):
            for has, way, said in EACH_WAY:
                life = machine()
                life.begins(has=has, stolen=set(stolen))
                getattr(life, way)(actor=actor, sets=2, **said)
                if life.not_me:
                    life.it_was_not_her(which=1, asks=True)
                    assert life.frozen
        return set(machine.world.arrived)


@contextmanager
def playing(access: DatabaseAccess) -> Iterator[type[WaysBack]]:
    """Hold a world, and a machine in it."""
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        try:
            world = runner.run(opened(stack, runner, access))
            yield type("WaysBack", (WaysBack,), {"world": world})
        finally:
            runner.run(stack.aclose())


async def opened(stack: AsyncExitStack, runner: asyncio.Runner, access: DatabaseAccess) -> World:
    """Put both services together over this database, and let them hear each other's keys."""
    clock = FakeClock()
    database = await stack.enter_async_context(administered(access))
    identity = await stack.enter_async_context(identity_service(database, clock))
    recovery = await stack.enter_async_context(replica(database, clock, a_sealing_key()))
    await recovery.own_keys.ensure()
    postman = await stack.enter_async_context(postman_beside(identity))
    world = World(
        runner=runner,
        identity=identity,
        recovery=recovery,
        postman=postman,
        clock=clock,
        arrived=Counter(),
    )
    for body in await postman.notify.published():
        await recovery.take_in("recovery.keys", delivered(body, "notify"))
    await world.delivers()
    return world
