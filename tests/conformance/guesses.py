"""Everything that can be guessed at, as 64 who guess at it meanwhile honest people log on.

A line a door: what is guessed, how often a row lets the outcome of a guess be told, and what shows
how often it was. `make test` guesses a little, `make race PART=secrets` ten thousand times.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

from services.identity.accounts.model import BIRTH_DATE, NOT_ME
from services.identity.passwords.model import LockPolicy
from services.identity.two_step.model import WRONG
from services.notify.addresses.model import CODE_TRIES
from services.recovery.practice_tokens.model import RESET_TOKEN
from services.recovery.practice_tokens.model import WRONG as TOKEN_TRY
from services.recovery.questions.model import RoundPolicy
from services.recovery.validation.model import ROUNDS
from shared.randomness import Randomness
from tests.builders.practices import practice_desk
from tests.builders.two_step import WRONG_CODE, TwoStepper
from tests.conformance.examples import identity, recovery
from tests.conformance.examples.identity import IdentityStage
from tests.conformance.examples.notify import NotifyStage
from tests.conformance.examples.recovery import RecoveryStage
from tests.conformance.secrets import another_patient
from tests.conformance.stage import Example, send_by
from tests.conformance.verbs import NAMED, Verb
from tests.rigs.identity import PASSWORD
from tests.rigs.replica import Answer, Caller

GUESSERS = 64
RIGHT = 0.02  # the part of guesses that are right, once none may be told any more
WRONG_PASSWORD = "Wrong-Guess-1234"
FAILURES = LockPolicy().failures
[(CODES, _)] = WRONG.windows
ANSWERS = RoundPolicy().attempts
[(ROUNDS_A_DAY, _)] = ROUNDS.windows
PERSONS = 5  # EN-1, EN-2, EN-3


class Learned(AssertionError):
    """A guesser was told more than the row allows, or somebody honest was kept out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Somebody, and a device that she is known on (MF-2)."""

    name: str
    device: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One thing that is guessed at."""

    wrong: Sequence[Example]
    """Wrong guesses, dealt out in turn."""
    right: Callable[[], Example]
    """The right one, of this moment."""
    outcomes: Callable[[], Awaitable[int]]
    """How often it was looked at whether a guess is right."""
    holder: Known | None = None
    """Whose password or code it is: on her own device no guesser keeps her out (LG-2, MF-2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guessed:
    """A door at which it can be guessed."""

    name: str
    verb: Verb
    made: Callable[[Any], Awaitable[Target]]
    allowed: int

    @property
    def service(self) -> str:
        return self.verb.service

    async def guess(self, target: Target, replicas: Sequence[Caller], times: int) -> "Guesses":
        """Guess so often, 64 at a time; after the first 64 some are right.

        Raises Learned where one of those was told, or another number was looked at than the row
        allows.
        """
        randomness, numbers = Randomness(), count()
        told: list[tuple[bool, Answer]] = []

        async def guesser(replica: Caller) -> None:
            while (number := next(numbers)) < times:
                right = number >= 2 * GUESSERS and randomness.between(0, 1) < RIGHT
                example = target.right() if right else target.wrong[number % len(target.wrong)]
                told.append((right, await send_by(replica, self.verb, example)))

        await asyncio.gather(
            *(guesser(replicas[number % len(replicas)]) for number in range(GUESSERS))
        )
        outcomes = await target.outcomes()
        if done := [answer for _, answer in told if answer.status == self.verb.route.status]:
            raise Learned(f"{self.name}: {len(done)} right guesses were told")
        if outcomes != self.allowed:
            raise Learned(f"{self.name}: {outcomes} were looked at, where {self.allowed} may be")
        late = told[2 * GUESSERS :]
        rights, wrongs = (
            {repr(answer.alike()) for right, answer in late if right is kind}
            for kind in (True, False)
        )
        if not rights <= wrongs:
            raise Learned(f"{self.name}: a right guess is told otherwise, {rights - wrongs}")
        return Guesses(told=len(told), right=sum(right for right, _ in told))


@dataclass(frozen=True, slots=True, kw_only=True)
class Guesses:
    """How many there were, and how many of them were right."""

    told: int
    right: int


@dataclass(slots=True, kw_only=True)
class Honest:
    """People who log on meanwhile: three with a name each, and then one from a known device."""

    names: Sequence[str]
    known: Sequence[Known]
    passed: int = 0

    async def log_on(self, replicas: Sequence[Caller], times: int) -> None:
        """Do it so often, one after the other. Raises Learned where one of them is kept out."""
        for number in range(times):
            replica = replicas[number % len(replicas)]
            if number % 4 == 3:
                await self.from_device(replica, self.known[number // 4 % len(self.known)])
            else:
                await self._pass(replica, {"name": self.names[number % len(self.names)]})

    async def from_device(self, replica: Caller, known: Known) -> None:
        """Log on from a known device, which two-step trusts where it is on. Raises Learned where it
        is kept out, known no more, or asked for a code.
        """
        answer = await self._pass(replica, {"name": known.name, "device": known.device})
        if "device" in answer.body:
            raise Learned("a known device is taken for a new one")
        if any(gate["name"] == "second-step" for gate in answer.body["gates"]):
            raise Learned("a trusted device is asked for a code")

    async def _pass(self, replica: Caller, said: dict[str, str]) -> Answer:
        verb = NAMED["log_on"]
        answer = await send_by(replica, verb, Example(body={**said, "password": PASSWORD}))
        if answer.status != verb.route.status:
            raise Learned(f"an honest log-on was answered {answer.refused()}")
        self.passed += 1
        return answer


@asynccontextmanager
async def honest_beside(
    stage: IdentityStage, replicas: Sequence[Caller], times: int, *, holder: Known | None
) -> AsyncIterator[Honest]:
    """Have so many log on meanwhile; on leaving, all have, and the last one under the lock that the
    guesses have brought about: from the device of who is guessed at, where she has one.
    """
    people = [(await stage.replica.an_account()).username for _ in range(20)]
    others = [await on_a_device(stage) for _ in range(2)]
    known = [holder, *others] if holder else others
    honest = Honest(names=people, known=known)
    logging_on = asyncio.ensure_future(honest.log_on(replicas, times - 1))
    try:
        yield honest
        await logging_on
        await honest.from_device(replicas[0], known[0])
    finally:
        logging_on.cancel()
        await asyncio.wait({logging_on})


async def on_a_device(stage: IdentityStage, name: str | None = None) -> Known:
    """Somebody, or this person, on a device that has just become known."""
    name = name or (await stage.replica.an_account()).username
    return Known(name=name, device=str((await stage.replica.logged_on(name))["device"]))


async def on_a_trusted_device(stage: IdentityStage, person: TwoStepper) -> Known:
    """Her on a device that is asked for no code, whatever the second step's lock (MF-2)."""
    body = {"mode": "new-devices", "reauthenticated": await stage.proof(person.token, "two-step")}
    await stage.replica.call("PUT", "/account/two-step/mode", body, token=person.token)
    half = await person.log_on()
    answer = await person.step(half["access_token"], person.codes.pop(), trust=True)
    return Known(name=person.person.username, device=str(answer.body["device"]))


# ---- the password, at each of its doors


def looked_at(stage: IdentityStage, account_id: Any) -> Callable[[], Awaitable[int]]:
    """How many guesses at her were looked at and counted as wrong, as the audit has it: a good
    log-on from a known device begins the run of wrong ones anew.
    """

    async def outcomes() -> int:
        [row] = await stage.replica.rows(
            "SELECT count(*) AS wrong FROM audit_entries"
            " WHERE subject = $1 AND outcome = 'refused' AND detail = 'wrong'",
            f"account:{account_id}",
        )
        return int(row["wrong"])

    return outcomes


async def password_at_log_on(stage: IdentityStage) -> Target:
    person = await stage.replica.an_account()
    said = Example(body={"name": person.username, "password": PASSWORD})
    return Target(
        wrong=[said.but(password=WRONG_PASSWORD)],
        right=lambda: said,
        outcomes=looked_at(stage, person.id),
        holder=await on_a_device(stage, person.username),
    )


async def password_on_a_device(stage: IdentityStage) -> Target:
    """The guesser has the secret of one of her devices; she has another, which guesses at the first
    leave alone.
    """
    person = await stage.replica.an_account()
    stolen = await on_a_device(stage, person.username)
    said = Example(body={"name": person.username, "password": PASSWORD, "device": stolen.device})
    return Target(
        wrong=[said.but(password=WRONG_PASSWORD)],
        right=lambda: said,
        outcomes=looked_at(stage, person.id),
        holder=await on_a_device(stage, person.username),
    )


async def password_in_session(stage: IdentityStage) -> Target:
    person = await stage.replica.an_account()
    token = await stage.opened(person.username)
    said = Example(body={"password": PASSWORD, "verb": "username"}, token=token)
    return Target(
        wrong=[said.but(password=WRONG_PASSWORD)],
        right=lambda: said,
        outcomes=looked_at(stage, person.id),
        holder=await on_a_device(stage, person.username),
    )


async def password_of_another(stage: IdentityStage) -> Target:
    person = await stage.replica.an_account()
    said = Example(
        body={"name": person.username, "password": PASSWORD}, token=await stage.session()
    )
    return Target(
        wrong=[said.but(password=WRONG_PASSWORD)],
        right=lambda: said,
        outcomes=looked_at(stage, person.id),
        holder=await on_a_device(stage, person.username),
    )


async def password_beside_a_token(stage: IdentityStage) -> Target:
    person = await stage.replica.an_account()
    token = await (await practice_desk(stage.replica)).a_token()
    said = Example(body={"token": token, "name": person.username, "password": PASSWORD})
    return Target(
        wrong=[said.but(password=WRONG_PASSWORD)],
        right=lambda: said,
        outcomes=looked_at(stage, person.id),
        holder=await on_a_device(stage, person.username),
    )


# ---- the second step


async def code_at_log_on(stage: IdentityStage, *, by_app: bool) -> Target:
    """The guesser has the password, and begins forty log-ons."""
    person = await stage.two_stepper()
    holder = await on_a_trusted_device(stage, person)
    halves = [(await person.log_on())["access_token"] for _ in range(40)]
    codes = person.wrong_digits(len(halves)) if by_app else [WRONG_CODE] * len(halves)

    def right() -> Example:
        code = person.code(shift=1) if by_app else person.codes[0]
        return Example(body={"code": code}, token=halves[-1])

    return Target(
        wrong=[
            Example(body={"code": code}, token=half)
            for half, code in zip(halves, codes, strict=True)
        ],
        right=right,
        outcomes=looked_at(stage, person.person.id),
        holder=holder,
    )


async def code_in_session(stage: IdentityStage, *, by_app: bool) -> Target:
    """The guesser has the password, and a session."""
    person = await stage.two_stepper()
    said = Example(body={"password": PASSWORD, "verb": "username"}, token=person.token)
    codes = person.wrong_digits(200) if by_app else [WRONG_CODE]
    return Target(
        wrong=[said.but(code=code) for code in codes],
        right=lambda: said.but(code=person.code(shift=1) if by_app else person.codes[0]),
        outcomes=looked_at(stage, person.person.id),
        holder=await on_a_trusted_device(stage, person),
    )


async def app_at_log_on(stage: IdentityStage) -> Target:
    return await code_at_log_on(stage, by_app=True)


async def recovery_code_at_log_on(stage: IdentityStage) -> Target:
    return await code_at_log_on(stage, by_app=False)


async def app_in_session(stage: IdentityStage) -> Target:
    return await code_in_session(stage, by_app=True)


async def recovery_code_in_session(stage: IdentityStage) -> Target:
    return await code_in_session(stage, by_app=False)


# ---- the second proof beside what a practice handed out


def tries(stage: IdentityStage, secret: str) -> Callable[[], Awaitable[int]]:
    """How many tries were counted of the newest of this purpose."""

    async def outcomes() -> int:
        [row] = await stage.replica.rows(
            "SELECT (tries ->> 'wrong-person')::int AS wrong FROM one_time_secrets"
            " WHERE purpose = $1 ORDER BY issued_at DESC, id DESC LIMIT 1",
            secret,
        )
        return int(row["wrong"])

    return outcomes


async def person_of_a_token(stage: IdentityStage) -> Target:
    token = await stage.desk.a_token()
    said = Example(body={"token": token, "birth_date": "1984-05-03", "last_name": "García-Lopez"})
    return Target(
        wrong=[said.but(birth_date=f"19{year}-05-03") for year in range(10, 84)],
        right=lambda: said,
        outcomes=tries(stage, "enrolment-token"),
    )


async def number_of_an_invitation(stage: IdentityStage) -> Target:
    number = stage.replica.a_username()
    invitation = await stage.postman.invitation(stage.desk, number=number)
    said = Example(body={"invitation": invitation, "number": number})
    return Target(
        wrong=[said.but(number=f"P-{number}") for number in range(100)],
        right=lambda: said,
        outcomes=tries(stage, "invitation"),
    )


async def temporary_password(stage: IdentityStage) -> Target:
    said = Example(body=await stage.desk.a_temporary_pair())
    return Target(
        wrong=[said.but(password="0000-0000-0000-0000")],
        right=lambda: said,
        outcomes=tries(stage, "temporary-username"),
    )


async def birth_date_beside_a_link(stage: IdentityStage) -> Target:
    said = await identity.freeze_account(stage)

    async def outcomes() -> int:
        [row] = await stage.replica.rows(
            "SELECT sum((tries ->> 'birth-date')::int) AS wrong FROM one_time_secrets"
            " WHERE purpose = 'not-me'"
        )
        return int(row["wrong"])

    return Target(
        wrong=[said.but(birth_date=f"19{year}-01-01") for year in range(10, 84)],
        right=lambda: said,
        outcomes=outcomes,
    )


# ---- recovery


async def address_of_a_validation(stage: RecoveryStage) -> Target:
    """The guesser knows all the fields, and begins all the rounds that there are."""
    begun = await recovery.begin_validation(stage)
    asked = [await recovery.answers(stage, begun) for _ in range(ROUNDS_A_DAY)]

    async def outcomes() -> int:
        [row] = await stage.replica.rows(
            "SELECT count(*) AS looked_at FROM validation_rounds WHERE answered_at IS NOT NULL"
            " AND place IS NOT NULL"
        )
        return int(row["looked_at"])

    return Target(
        wrong=[one.but(choice=4) for one in asked],
        right=lambda: asked[-1],
        outcomes=outcomes,
    )


async def reset_token(stage: RecoveryStage) -> Target:
    said = await recovery.redeem_reset_token(stage)
    assert said.body is not None
    token = int(said.body["token"])

    async def outcomes() -> int:
        [row] = await stage.replica.rows(
            "SELECT (tries ->> 'wrong')::int AS wrong FROM one_time_secrets"
            " WHERE purpose = 'reset-token' ORDER BY issued_at DESC, id DESC LIMIT 1"
        )
        return int(row["wrong"])

    return Target(
        wrong=[said.but(token=f"{(token + n) % 10**8:08}") for n in range(1, 200)],
        right=lambda: said,
        outcomes=outcomes,
    )


# ---- notify


async def code_of_a_number(stage: NotifyStage) -> Target:
    ours = await another_patient(stage)
    number = f"+1213555{next(stage.replica.numbers) % 10_000:04}"
    address_id, code = await stage.replica.add_number(stage.issuer, ours.patient, number)
    said = Example(
        path={"address_id": address_id},
        body={"code": code},
        token=await stage.issuer.token(ours.patient),
    )

    async def outcomes() -> int:
        [row] = await stage.replica.rows(
            "SELECT tries_left FROM number_codes WHERE address_id = $1", address_id
        )
        return CODE_TRIES - int(row["tries_left"])

    return Target(
        wrong=[said.but(code=f"{n:06}") for n in range(200) if f"{n:06}" != code],
        right=lambda: said,
        outcomes=outcomes,
    )


# ---- recovery


async def answers_to_questions(stage: RecoveryStage) -> Target:
    said = await recovery.answer_security_questions(stage)
    assert said.body is not None
    first, second = said.body["answers"]
    wrong = [said.but(answers=[{**first, "answer": f"guess {n}"}, second]) for n in range(GUESSERS)]

    async def outcomes() -> int:
        [row] = await stage.replica.rows(
            "SELECT attempts FROM question_rounds WHERE account_id IS NOT NULL"
        )
        return int(row["attempts"])

    return Target(wrong=wrong, right=lambda: said, outcomes=outcomes)


def at(name: str, verb: str, made: Callable[[Any], Awaitable[Target]], allowed: int) -> Guessed:
    return Guessed(name=name, verb=NAMED[verb], made=made, allowed=allowed)


DOORS: tuple[Guessed, ...] = (
    at("answers to questions", "answer_security_questions", answers_to_questions, ANSWERS),
    at("password, at log-on", "log_on", password_at_log_on, FAILURES),
    at(
        "password, at log-on with the secret of a known device",
        "log_on",
        password_on_a_device,
        2 * FAILURES,  # the device's own count voids it, and then the account's locks
    ),
    at("password, in a session", "reauthenticate", password_in_session, FAILURES),
    at("password, of another account", "prove_ownership", password_of_another, FAILURES),
    at(
        "password, beside a token",
        "add_practice_to_account",
        password_beside_a_token,
        FAILURES,
    ),
    at("code of an app, at log-on", "take_second_step", app_at_log_on, CODES),
    at("code of an app, in a session", "reauthenticate", app_in_session, CODES),
    at("recovery code, at log-on", "take_second_step", recovery_code_at_log_on, CODES),
    at("recovery code, in a session", "reauthenticate", recovery_code_in_session, CODES),
    at("person of an enrolment token", "prove_enrolment", person_of_a_token, PERSONS),
    at("number beside an invitation", "prove_enrolment", number_of_an_invitation, PERSONS),
    at("temporary password", "prove_enrolment", temporary_password, PERSONS),
    at(
        "birth date beside a link that says it was not me",
        "freeze_account",
        birth_date_beside_a_link,
        NOT_ME.tries[BIRTH_DATE],
    ),
    at("address of a validation", "answer_validation", address_of_a_validation, ROUNDS_A_DAY),
    at(
        "reset token beside a username",
        "redeem_reset_token",
        reset_token,
        RESET_TOKEN.tries[TOKEN_TRY],
    ),
    at("code of a number", "verify_notification_number", code_of_a_number, CODE_TRIES),
)
