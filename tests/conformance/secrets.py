"""Every secret that is good once, as what 64 make of it who have it at once.

A line a secret: who makes it anew for a round, the verb that spends it, and how those are told who
come too late. `make test` runs each ten times, `make race PART=secrets` a thousand.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import jwt

from deploy.client.eventually import eventually
from services.identity.emails.errors import LinkInvalid
from services.identity.enrolment.errors import (
    AlreadyEnrolled,
    InvitationInvalid,
    TemporaryCredentialInvalid,
)
from services.identity.enrolment.errors import TokenInvalid as EnrolmentTokenInvalid
from services.identity.freezes.errors import NotMeLinkInvalid
from services.identity.passkeys.errors import CeremonyOver, PasskeyInvalid
from services.identity.two_step.errors import (
    SecondStepFailed,
    SecondStepOver,
    SetUpOver,
    TooManyCodeSets,
)
from services.notify.addresses.errors import CodeInvalid
from services.notify.addresses.errors import LinkInvalid as AddressLinkInvalid
from services.recovery.questions.errors import AnswersRefused
from shared.contracts.ids import AccountId
from shared.errors import Refused
from shared.trust.access import AccessTokenInvalid
from shared.trust.grants import GrantAct, GrantSuperseded, GrantUsed
from shared.trust.grants import Verb as ForVerb
from tests.builders.passkeys import ask_to_log_on
from tests.builders.patients import a_patient
from tests.builders.practices import granted, practice_desk, proven, with_grant
from tests.builders.two_step import TwoStepper
from tests.conformance.examples import identity, notify, recovery
from tests.conformance.examples.identity import IdentityStage
from tests.conformance.examples.merge import MergeStage
from tests.conformance.examples.notify import NotifyStage
from tests.conformance.examples.recovery import RecoveryStage
from tests.conformance.stage import Example, send_by
from tests.conformance.verbs import NAMED, Verb
from tests.rigs.identity import PASSWORD
from tests.rigs.recovery import an_account
from tests.rigs.replica import Answer, Caller

RACERS = 64
HALVES = 16  # sessions that wait for one code: an account has 50 at the most (SE-1)

Recipe = Callable[[Any], Awaitable[Sequence[Example]]]
Said = Callable[[int], Mapping[str, Any]]


class Lost(AssertionError):
    """A race that nobody, or more than one, has won; or a racer who was told something else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OneTime:
    """A secret that is good once."""

    name: str
    verb: Verb
    made: Recipe
    """Makes it anew: the calls that spend it, dealt out to the racers in turn."""
    late: frozenset[tuple[int, str]] = frozenset()
    """How all but one are told."""
    said: Said = field(default=lambda _: {})
    """What each racer says besides, by a number that nobody had before."""
    same: Callable[[Answer], object] | None = None
    """What all are told alike, where a reply that got lost is given again."""
    spends: tuple[str, ...] = ()
    """The purposes, acts and verbs of grants that are spent by it."""

    @property
    def service(self) -> str:
        return self.verb.service

    async def round(self, stage: Any, replicas: Sequence[Caller], number: int) -> Counter[str]:
        """Make one and have 64 use it over these replicas; return how they were told.

        Raises Lost unless exactly one did it; or, where a reply is given again, all were given
        the same.
        """
        calls = await self.made(stage)
        answers = await asyncio.gather(
            *(
                send_by(
                    replicas[racer % len(replicas)],
                    self.verb,
                    calls[racer % len(calls)].but(**self.said(number * RACERS + racer)),
                )
                for racer in range(RACERS)
            )
        )
        self._judge(answers)
        return Counter(answer.code or str(answer.status) for answer in answers)

    def _judge(self, answers: Sequence[Answer]) -> None:
        outcomes = Counter(answer.refused() for answer in answers)
        done = (self.verb.route.status, "")
        if self.same is not None:
            given = {self.same(answer) for answer in answers if answer.refused() == done}
            if set(outcomes) != {done} or len(given) != 1:
                raise Lost(f"{self.name}: {len(given)} were given of one, {dict(outcomes)}")
        elif outcomes.pop(done, 0) != 1 or not set(outcomes) <= self.late:
            told = Counter(answer.refused() for answer in answers)
            raise Lost(f"{self.name}: {dict(told)}, where one does it")


def told(*errors: type[Refused]) -> frozenset[tuple[int, str]]:
    """How these are told."""
    return frozenset((error.status, error.code) for error in errors)


def one(example: Callable[[Any], Awaitable[Example]], **said: Any) -> Recipe:
    """Return a recipe for racers who all make the same call."""

    async def made(stage: Any) -> Sequence[Example]:
        return [(await example(stage)).but(**said)]

    return made


def username(number: int) -> Mapping[str, Any]:
    return {"username": f"racer.{number:02}"}


def new_password(number: int) -> Mapping[str, Any]:
    return {"new_password": f"Copper!Lantern-{number}"}


# ---- identity


async def enrols_by_grant(stage: IdentityStage) -> Sequence[Example]:
    grant = await granted(stage.replica, await stage.desk.a_token())
    return [Example(body=with_grant(grant))]


async def enrols_by_what_else_is_handed_out(
    stage: IdentityStage, brought: Mapping[str, Any]
) -> Sequence[Example]:
    answer = await proven(stage.replica, brought)
    assert answer.status == 200, answer.body
    return [Example(body=with_grant(str(answer.body["grant"])))]


async def enrols_by_temporary_credentials(stage: IdentityStage) -> Sequence[Example]:
    return await enrols_by_what_else_is_handed_out(stage, await stage.desk.a_temporary_pair())


async def enrols_by_invitation(stage: IdentityStage) -> Sequence[Example]:
    number = stage.replica.a_username()
    invitation = await stage.postman.invitation(stage.desk, number=number)
    brought = {"invitation": invitation, "number": number}
    return await enrols_by_what_else_is_handed_out(stage, brought)


async def adds_practice(stage: IdentityStage) -> Sequence[Example]:
    """To an account of its own, which has no other but the one it was made with."""
    person = await stage.replica.an_account()
    elm = await practice_desk(stage.replica)
    token = await elm.a_token(last_name="García-Lopez")
    return [Example(body={"token": token, "name": person.username, "password": PASSWORD})]


async def adds_practice_in_session(stage: IdentityStage) -> Sequence[Example]:
    """Sixteen tokens under one confirmation."""
    elm, token = await practice_desk(stage.replica), await stage.session()
    confirmed = await stage.proof(token, "practice")
    return [
        Example(body={"token": await elm.a_token(), "reauthenticated": confirmed}, token=token)
        for _ in range(HALVES)
    ]


async def claims_another_email(stage: IdentityStage) -> Sequence[Example]:
    token = await stage.session()
    address = f"{stage.replica.a_username()}@mail.example"
    grant = await stage.proof(token, "email")
    return [Example(body={"address": address, "reauthenticated": grant}, token=token)]


async def verifies_email(stage: IdentityStage) -> Sequence[Example]:
    token, address = await stage.session(), f"{stage.replica.a_username()}@mail.example"
    await stage.replica.call("POST", "/account/email", {"address": address}, token=token)
    *_, link = await stage.postman.tokens("email-verification-requested")
    return [Example(body={"token": link}, token=token)]


async def brings_receipt(stage: IdentityStage) -> Sequence[Example]:
    """Of five in the place of others: no gate opens, and no token is void by it."""
    example = await identity.hear_questions(stage)
    await stage.replica.rows("UPDATE accounts SET questions_set = true")
    return [example]


async def sets_up_another_app(stage: IdentityStage) -> Sequence[Example]:
    token = (await stage.two_stepper()).token
    return [Example(body={"reauthenticated": await stage.proof(token, "two-step")}, token=token)]


async def halves(person: TwoStepper, code: str) -> Sequence[Example]:
    """Log-ons that each wait for a code, and all are given this one."""
    waiting = [await person.log_on() for _ in range(HALVES)]
    return [Example(body={"code": code}, token=half["access_token"]) for half in waiting]


async def logs_on_by_app(stage: IdentityStage) -> Sequence[Example]:
    person = await stage.two_stepper()
    return await halves(person, person.code(shift=1))


async def logs_on_by_recovery_code(stage: IdentityStage) -> Sequence[Example]:
    person = await stage.two_stepper()
    return await halves(person, person.codes[0])


async def confirms_by_app(stage: IdentityStage) -> Sequence[Example]:
    person = await stage.two_stepper()
    said = {"password": PASSWORD, "verb": "username", "code": person.code(shift=1)}
    return [Example(body=said, token=person.token)]


async def confirms_by_recovery_code(stage: IdentityStage) -> Sequence[Example]:
    person = await stage.two_stepper()
    said = {"password": PASSWORD, "verb": "username", "code": person.codes[0]}
    return [Example(body=said, token=person.token)]


async def proves_another_account_by_app(stage: IdentityStage) -> Sequence[Example]:
    person = await stage.two_stepper()
    said = {
        "name": person.person.username,
        "password": PASSWORD,
        "code": person.code(shift=1),
    }
    survivor = await stage.two_stepper()  # MG-5: who has none would be sent to set it up first
    return [Example(body=said, token=survivor.token)]


async def makes_passkeys(stage: IdentityStage) -> Sequence[Example]:
    """Sixteen ceremonies under one confirmation, each answered."""
    holder = await stage.holder()
    grant = await holder.grant()
    examples = []
    for number in range(HALVES):
        asked = await holder.options(
            "/account/passkeys", name=f"Key {number}", reauthenticated=grant
        )
        credential = holder.authenticator.make(asked.body["options"])
        body = {"ceremony": asked.body["ceremony"], "credential": credential}
        examples.append(Example(body=body, token=holder.token))
    return examples


async def logs_on_by_one_counter(stage: IdentityStage) -> Sequence[Example]:
    """Sixteen ceremonies, each answered with the counter that comes next."""
    holder = await stage.holder()
    await holder.made(counter=1)
    asked = [await ask_to_log_on(stage.replica) for _ in range(HALVES)]
    return [Example(body=holder.answer(each, counter=2)) for each in asked]


# ---- recovery, merge and notify


async def redeems_link(stage: RecoveryStage) -> Sequence[Example]:
    name = f"juniper.{next(stage.replica.numbers)}"
    account = an_account(username=name, email=f"{name}@mail.example")
    account_id = await stage.replica.knows(account)
    await stage.replica.ask(name)
    await stage.replica.tick()
    link = await eventually(partial(mailed_link, stage, account_id))
    return [Example(body={"token": link})]


async def answers_two(stage: RecoveryStage) -> Sequence[Example]:
    """Of somebody new: who is late has answered wrong, and the third of those locks the way."""
    name = f"juniper.{next(stage.replica.numbers)}"
    await stage.replica.knows(an_account(username=name, email=f"{name}@mail.example"))
    return [await recovery.answer_security_questions(stage, name)]


async def mailed_link(stage: RecoveryStage, account_id: AccountId) -> str:
    """The link that was mailed, by this replica or another."""
    links = [
        mail.token for mail in await stage.replica.mails() if mail.data.account_id == account_id
    ]
    assert links, "no link was mailed yet"
    return links[-1]


async def validates(stage: RecoveryStage) -> Sequence[Example]:
    return [await recovery.answer_validation(stage)]


async def resets_by_validation(stage: IdentityStage) -> Sequence[Example]:
    """Sixteen proofs of one account, which has one validation in its life."""
    person = await stage.replica.an_account()
    return [
        Example(body={"grant": await stage.recovery.grant(person, route="validation")})
        for _ in range(HALVES)
    ]


async def redeems_token(stage: RecoveryStage) -> Sequence[Example]:
    return [await recovery.redeem_reset_token(stage)]


async def merges(stage: MergeStage) -> Sequence[Example]:
    """Two accounts that are in no merge."""
    survivor, absorbed = await stage.replica.people()
    request = await stage.replica.request(survivor, absorbed)
    return [Example(body=request.body, token=request.token)]


def proof_in(answer: Answer) -> object:
    """The id of the proof in a grant: whoever has it, only one spends it."""
    return jwt.decode(answer.body["grant"], options={"verify_signature": False})["jti"]


async def another_patient(stage: NotifyStage) -> NotifyStage:
    """The same stage about somebody new: an account has few addresses, and few codes an hour."""
    patient = await a_patient(stage.replica, email=None)
    return notify.about(stage, patient)


async def adds_address(stage: NotifyStage) -> Sequence[Example]:
    example = await notify.add_notification_address(await another_patient(stage))
    return [example.but(address=an_address(stage))]


async def verifies_address(stage: NotifyStage) -> Sequence[Example]:
    ours = await another_patient(stage)
    _, link = await stage.replica.add_address(stage.issuer, ours.patient, an_address(stage))
    return [Example(body={"token": link}, token=await stage.issuer.token(ours.patient))]


def an_address(stage: NotifyStage) -> str:
    """One that nothing was mailed to."""
    return f"other.{next(stage.replica.numbers)}@mail.example"


async def verifies_number(stage: NotifyStage) -> Sequence[Example]:
    """A number that no code was sent to."""
    ours = await another_patient(stage)
    number = f"+1213555{next(stage.replica.numbers) % 10_000:04}"
    address_id, code = await stage.replica.add_number(stage.issuer, ours.patient, number)
    return [
        Example(
            path={"address_id": address_id},
            body={"code": code},
            token=await stage.issuer.token(ours.patient),
        )
    ]


IDENTITY: tuple[OneTime, ...] = (
    OneTime(
        name="enrolment token",
        verb=NAMED["enrol"],
        made=one(identity.enrol),
        late=told(EnrolmentTokenInvalid),
        said=username,
        spends=("enrolment-token",),
    ),
    OneTime(
        name="enrolment token, for an account one has",
        verb=NAMED["add_practice_to_account"],
        made=adds_practice,
        late=told(AlreadyEnrolled),
        spends=("enrolment-token",),
    ),
    OneTime(
        name="grant of a proven token",
        verb=NAMED["enrol"],
        made=enrols_by_grant,
        late=told(EnrolmentTokenInvalid),
        said=username,
        spends=("enrolment-token", GrantAct.ENROLMENT),
    ),
    OneTime(
        name="temporary credentials",
        verb=NAMED["enrol"],
        made=enrols_by_temporary_credentials,
        late=told(TemporaryCredentialInvalid),
        said=username,
        spends=("temporary-username", "temporary-password", GrantAct.ENROLMENT),
    ),
    OneTime(
        name="invitation",
        verb=NAMED["enrol"],
        made=enrols_by_invitation,
        late=told(InvitationInvalid),
        said=username,
        spends=("invitation", GrantAct.ENROLMENT),
    ),
    OneTime(
        name="grant for a reset",
        verb=NAMED["reset_password"],
        made=one(identity.reset_password),
        late=told(GrantUsed),
        said=new_password,
        spends=("reset-link", GrantAct.PASSWORD_SET),
    ),
    OneTime(
        name="the one validation of an account",
        verb=NAMED["reset_password"],
        made=resets_by_validation,
        late=told(GrantUsed, GrantSuperseded),
        said=new_password,
        spends=(GrantAct.PASSWORD_SET,),
    ),
    OneTime(
        name="e-mail verification link",
        verb=NAMED["verify_email"],
        made=verifies_email,
        late=told(LinkInvalid),
        spends=("email-verification",),
    ),
    OneTime(
        name="link that says it was not me",
        verb=NAMED["freeze_account"],
        made=one(identity.freeze_account),
        late=told(NotMeLinkInvalid),
        spends=("not-me",),
    ),
    OneTime(
        name="confirmation, for another e-mail",
        verb=NAMED["claim_email"],
        made=claims_another_email,
        late=told(GrantUsed),
        spends=(GrantAct.REAUTHENTICATED, ForVerb.EMAIL),
    ),
    OneTime(
        name="confirmation, for another password",
        verb=NAMED["change_password"],
        made=one(identity.change_password),
        late=told(GrantSuperseded, AccessTokenInvalid),
        said=new_password,
        spends=(GrantAct.REAUTHENTICATED, ForVerb.PASSWORD),
    ),
    OneTime(
        name="confirmation, for another username",
        verb=NAMED["change_username"],
        made=one(identity.change_username),
        late=told(GrantUsed),
        said=username,
        spends=(GrantAct.REAUTHENTICATED, ForVerb.USERNAME),
    ),
    OneTime(
        name="confirmation, for a practice",
        verb=NAMED["add_practice"],
        made=adds_practice_in_session,
        late=told(GrantUsed, AccessTokenInvalid),
        spends=("enrolment-token", GrantAct.REAUTHENTICATED, ForVerb.PRACTICE),
    ),
    OneTime(
        name="confirmation, for another app",
        verb=NAMED["set_up_app"],
        made=sets_up_another_app,
        late=told(GrantUsed),
        spends=(GrantAct.REAUTHENTICATED, ForVerb.TWO_STEP),
    ),
    OneTime(
        name="confirmation, to turn two-step off",
        verb=NAMED["turn_off_two_step"],
        made=one(identity.turn_off_two_step),
        late=told(GrantSuperseded, GrantUsed),
        spends=(GrantAct.REAUTHENTICATED, ForVerb.TWO_STEP_OFF),
    ),
    OneTime(
        name="confirmation, for recovery codes",
        verb=NAMED["make_recovery_codes"],
        made=one(identity.make_recovery_codes),
        late=told(GrantUsed, TooManyCodeSets),
        spends=(GrantAct.REAUTHENTICATED, ForVerb.RECOVERY_CODES),
    ),
    OneTime(
        name="app that is set up",
        verb=NAMED["confirm_app"],
        made=one(identity.confirm_app),
        late=told(SetUpOver, TooManyCodeSets),
    ),
    OneTime(
        name="step of an app, at log-on",
        verb=NAMED["take_second_step"],
        made=logs_on_by_app,
        late=told(SecondStepFailed, SecondStepOver, AccessTokenInvalid),
    ),
    OneTime(
        name="step of an app, to confirm",
        verb=NAMED["reauthenticate"],
        made=confirms_by_app,
        late=told(SecondStepFailed),
    ),
    OneTime(
        name="step of an app, to prove another account",
        verb=NAMED["prove_ownership"],
        made=proves_another_account_by_app,
        late=told(SecondStepFailed),
    ),
    OneTime(
        name="recovery code, at log-on",
        verb=NAMED["take_second_step"],
        made=logs_on_by_recovery_code,
        late=told(SecondStepFailed, SecondStepOver, AccessTokenInvalid),
    ),
    OneTime(
        name="recovery code, to confirm",
        verb=NAMED["reauthenticate"],
        made=confirms_by_recovery_code,
        late=told(SecondStepFailed),
    ),
    OneTime(
        name="log-on that waits for a code",
        verb=NAMED["take_second_step"],
        made=one(identity.take_second_step),
        late=told(AccessTokenInvalid),
    ),
    OneTime(
        name="confirmation, for a passkey",
        verb=NAMED["make_passkey"],
        made=makes_passkeys,
        late=told(GrantUsed, GrantSuperseded, CeremonyOver),
        spends=(GrantAct.REAUTHENTICATED, ForVerb.PASSKEYS),
    ),
    OneTime(
        name="ceremony, at log-on",
        verb=NAMED["log_on_by_passkey"],
        made=one(identity.log_on_by_passkey),
        late=told(CeremonyOver),
    ),
    OneTime(
        name="counter of a passkey on one device, at log-on",
        verb=NAMED["log_on_by_passkey"],
        made=logs_on_by_one_counter,
        late=told(PasskeyInvalid, CeremonyOver),
    ),
    OneTime(
        name="refresh token",
        verb=NAMED["refresh_session"],
        made=one(identity.refresh_session),
        same=lambda answer: answer.body["refresh_token"],
    ),
)
OTHERS: tuple[OneTime, ...] = (
    OneTime(
        name="receipt of five questions",
        verb=NAMED["hear_questions"],
        made=brings_receipt,
        same=lambda answer: answer.status,
        spends=(GrantAct.QUESTIONS_SET,),
    ),
    OneTime(
        name="confirmation, for security questions",
        verb=NAMED["set_security_questions"],
        made=one(recovery.set_security_questions),
        late=told(GrantUsed),
        spends=(GrantAct.REAUTHENTICATED, ForVerb.QUESTIONS),
    ),
    OneTime(
        name="answers to the two that are asked",
        verb=NAMED["answer_security_questions"],
        made=answers_two,
        late=told(AnswersRefused),
    ),
    OneTime(
        name="reset link",
        verb=NAMED["redeem_reset_link"],
        made=redeems_link,
        same=proof_in,
        spends=("reset-link",),
    ),
    OneTime(
        name="question of a validation",
        verb=NAMED["answer_validation"],
        made=validates,
        same=proof_in,
        spends=("validation",),
    ),
    OneTime(
        name="reset token",
        verb=NAMED["redeem_reset_token"],
        made=redeems_token,
        same=proof_in,
        spends=("reset-token",),
    ),
    OneTime(
        name="both proofs of a merge",
        verb=NAMED["request_merge"],
        made=merges,
        late=told(GrantUsed),
        spends=(GrantAct.REAUTHENTICATED, ForVerb.MERGE, GrantAct.ACCOUNT_OWNED),
    ),
    OneTime(
        name="confirmation, for a notification address",
        verb=NAMED["add_notification_address"],
        made=adds_address,
        late=told(GrantUsed),
        spends=(GrantAct.REAUTHENTICATED, ForVerb.NOTIFICATION_ADDRESS),
    ),
    OneTime(
        name="link of a notification address",
        verb=NAMED["verify_notification_address"],
        made=verifies_address,
        late=told(AddressLinkInvalid),
        spends=("notification-address",),
    ),
    OneTime(
        name="code of a number",
        verb=NAMED["verify_notification_number"],
        made=verifies_number,
        late=told(CodeInvalid),
    ),
)
SECRETS: tuple[OneTime, ...] = (*IDENTITY, *OTHERS)
