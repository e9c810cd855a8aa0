"""What may be asked for and brought, each way to its end (RC-1 to RC-6, RC-10).

It is one piece for every way ends alike: what each demands is held against one assertion.
"""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from services.recovery.practice_tokens.errors import PatientNotEnrolled, ResetTokenLimit
from services.recovery.practice_tokens.model import HandedOver
from shared.acts import By
from shared.audit.entries import Origin
from shared.contracts.identity import PASSWORD_RESET, PasswordReset, ResetRoute
from shared.contracts.ids import PatientId, PracticeId
from shared.contracts.recovery import (
    RESET_LINK_REQUESTED,
    USERNAME_REMINDER_REQUESTED,
    ResetLinkRequested,
    UsernameReminderRequested,
)
from shared.errors import Conflict
from shared.randomness import Randomness
from tests.builders.practices import BIRTH_DATE, FIRST_NAME, LAST_NAME
from tests.builders.questions import FIVE, WRONG_ANSWER, answered, codes
from tests.builders.two_step import WRONG_CODE, code_of
from tests.race.ways_back.account import ADDRESS, HOLDER, STEP, THIEF, actors, at_once, some, twins
from tests.race.ways_back.tries import Tries
from tests.race.ways_back.world import ANSWERS, DEMANDS, FIELDS, MAILBOX, SLIP, Grant, Proof
from tests.rigs.replica import Answer

GRANT = timedelta(minutes=10)
LINK, TOKEN = timedelta(hours=1), timedelta(hours=24)  # as their practice has set nothing else
RANDOM = Randomness()


class Ways(Tries):
    """Proofs, the ways they open, and what a grant is good for."""

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
                continue  # as below; or of whom this one is a part
            assert not self.merged
            assert data.recipients == (self.email,)
            assert self.has_email
            assert not self.frozen
            assert not self.by_practice
            self._is_given(self.links, await self.world.opened(envelope, data.link), LINK)
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
            assert not self.merged
            assert data.recipients in {(self.email,), (self.other,)}
            assert self.has_email if data.recipients == (self.email,) else self.named
            assert not self.frozen
            assert await self.world.opened(envelope, data.username) == self.name
        await self.world.delivers()

    @precondition(lambda self: not self.merged)
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
        except PatientNotEnrolled:
            assert not self.enrolled
            return
        except Conflict:
            assert self.frozen
            return
        assert self.enrolled
        assert not self.frozen
        self._is_given(self.slips, issued.token, TOKEN)
        await self.world.delivers()

    def _is_given(self, kept: list[Proof], text: str, life: timedelta) -> None:
        """One that goes on; it takes the place of those before it."""
        for before in kept:
            before.void = True
        kept.append(Proof(text=text, credentials=self.credentials, until=self.now + life))

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
        if asks and not self.merged:  # else it would be for whom she is a part of
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
        right, shut = ANSWERS in self.has[actor], self.is_shut_to_answers
        asked = codes((await self.ask("/resets/questions", {"name": self.name})).body)
        said = answered(asked, FIVE if right else dict.fromkeys(FIVE, WRONG_ANSWER))
        answer = await self.ask("/resets/questions/answers", {"name": self.name, "answers": said})
        right &= self.has_questions and not shut
        if not self.merged:  # else it is another one's that this counts for
            await self.a_call_is_counted(opened=answer.status == 200)
        assert answer.status == 200 or not (right and self.is_free), "she is kept out"
        proof = Proof(credentials=self.credentials) if right else None
        await self.granted(ResetRoute.QUESTIONS, actor, answer, proof, sets)

    @precondition(lambda self: not self.merged)
    @rule(times=st.integers(1, 3))
    def somebody_answers_wrongly(self, times: int) -> None:
        self.run(self._somebody_answers_wrongly(times))

    async def _somebody_answers_wrongly(self, times: int) -> None:
        said = {"name": self.name, "answers": answered(list(FIVE)[:2], {})}
        for _ in range(times):
            answer = await self.ask("/resets/questions/answers", said)
            assert answer.code == "answers_refused"
            await self.a_call_is_counted(opened=False)

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
        begins = self.has_a_round
        asked = (await self.ask("/resets/validations", fields)).body
        if begins:
            self.rounds.append(self.now)
        there = asked["addresses"].index(ADDRESS) if ADDRESS in asked["addresses"] else 4
        assert there == 4 or (right and begins), "her address is shown"
        choice = there if right and knows_address else (there + 1) % 4
        said = {"challenge": asked["challenge"], "choice": choice}
        answer = await self.ask("/resets/validations/answer", said)
        shut = self.has_email or self.has_questions or self.validated
        right &= begins and knows_address and not (shut or self.is_failed)
        if there < 4 and choice != there:
            self.failed_at = self.now
        assert answer.status == 200 or not (right and self.is_free), "she is kept out"
        proof = Proof(credentials=self.credentials) if right and there < 4 else None
        await self.granted(ResetRoute.VALIDATION, actor, answer, proof, sets)

    async def granted(
        self, route: ResetRoute, actor: str, answer: Answer, proof: Proof | None, sets: int
    ) -> None:
        """A grant is for who has what the row demands, while that way is open, and no one else."""
        if answer.status != 200:
            return
        assert not self.merged, (route, actor)
        assert proof is not None, (route, actor)
        assert not proof.void, route
        assert proof.until is None or self.now < proof.until, route
        assert DEMANDS[route] in self.has[actor]
        assert not self.frozen
        shut = self.by_practice or self.is_unfinished
        assert not shut or route is ResetRoute.PRACTICE_TOKEN
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
            and not (self.frozen or self.merged)
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
        assert body["scope"] == ("gates" if self.app else self.scope), body
        assert not self.app or body["gates"][0]["name"] == "second-step"
        self.world.arrived[grant.route, grant.actor] += 1
        if self.app:
            await self._takes_the_second_step(grant.actor, body["access_token"])
        else:
            self.has_logged_on()
        await self.world.delivers()

    async def _takes_the_second_step(self, actor: str, bearer: str) -> None:
        """The app is in her hands alone."""
        if actor == HOLDER:
            self.world.clock.advance(seconds=STEP)
        code = code_of(self.app, self.now) if actor == HOLDER else WRONG_CODE
        said = {"code": code}
        answer = await self.world.identity.call("POST", "/sessions/second-step", said, token=bearer)
        assert answer.status != 201 or (actor == HOLDER and answer.body["scope"] == self.scope)
        assert actor == THIEF or answer.status in (201, 403, 429), answer.body
        if answer.status == 201:
            self.has_logged_on()

    @precondition(lambda self: self.has_email or self.validated)  # else that way would be shut soon
    @precondition(lambda self: self.is_seen and not self.merged)
    @precondition(lambda self: not (self.has_questions or self.frozen or self.app))
    @rule()
    def she_sets_her_questions(self) -> None:
        """RC-8: right after a log-on, the first five or those after a freeze."""
        self.run(self._she_sets_her_questions())

    async def _she_sets_her_questions(self) -> None:
        answer = await self.world.identity.log_on(self.name, self.password)
        if answer.status == 201:  # since a freeze no password logs on before a token's
            self.has_logged_on()
            await self.world.delivers()
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
        assert answer.status != 204 or not self.merged
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
