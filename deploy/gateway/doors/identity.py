"""Identity from outside: what the pages ask of it, in one piece as its document is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

import msgspec

from deploy.gateway.doors.http import Door, Nothing, Sent, Verb, paragraphs_of
from deploy.gateway.web.devices import secret_for, used
from deploy.gateway.web.visits import Visit

RESOURCES = ("identity", "merge", "notify")  # a token for each that pages ask often as somebody


class Gate(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    name: str
    required: bool
    trust_offered: bool = False  # of the second step: whether this browser can be spared the next
    means: tuple[str, ...] = ()  # of the second step: what it can be taken by


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """What log-on, refresh and reset answer.

    `idle_seconds` is how long it lives without a refresh, `ends_at` when it is over in any case;
    `device` is what identity knows a new browser by.
    """

    session_id: str
    access_tokens: Mapping[str, str]
    refresh_token: str
    idle_seconds: int
    ends_at: datetime
    scope: str
    gates: tuple[Gate, ...]
    device: str | None = None


class LogOn(Sent, frozen=True, kw_only=True):
    name: str
    password: str
    device: str | None = None
    resource: tuple[str, ...]
    agent: str | None


class Answer(NamedTuple):
    """A passkey's, to a ceremony; `id` is the passkey's own name for itself."""

    ceremony: str
    credential: msgspec.Raw
    id: str


class PasskeyLogOn(Sent, frozen=True, kw_only=True):
    ceremony: str
    credential: msgspec.Raw
    name: str | None
    device: str | None = None
    resource: tuple[str, ...]
    agent: str | None


class Refresh(Sent, frozen=True, kw_only=True):
    refresh_token: str
    device: str | None = None
    resource: tuple[str, ...]


class SecondStep(Sent, frozen=True, kw_only=True):
    code: str | None = None
    ceremony: str | None = None
    credential: msgspec.Raw | None = None
    trust: bool = False
    device: str | None = None
    resource: tuple[str, ...]
    agent: str | None


class Reset(Sent, frozen=True, kw_only=True):
    grant: str
    new_password: str
    device: str | None = None
    resource: tuple[str, ...]
    agent: str | None


class Revocation(Sent, frozen=True, kw_only=True):
    token: str


class Freeze(Sent, frozen=True, kw_only=True):
    token: str
    birth_date: date


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    version: str
    language: str
    text: str

    @property
    def paragraphs(self) -> list[str]:
        """Its text, where a line is left free between."""
        return paragraphs_of(self.text)


class EnrolmentProof(Sent, frozen=True, kw_only=True):
    """What a practice handed out, and what proves its person beside it."""

    token: str | None = None
    invitation: str | None = None
    username: str | None = None
    password: str | None = None
    birth_date: date | None = None
    last_name: str | None = None
    home_phone: str | None = None
    number: str | None = None


class ProvenEnrolment(msgspec.Struct, frozen=True, kw_only=True):
    """`grant` goes in the place of what was proven; `expires_in` is in seconds."""

    practice_name: str
    grant: str
    expires_in: int


class Enrolment(Sent, frozen=True, kw_only=True):
    terms_version: str
    grant: str
    username: str
    password: str
    email: str | None = None
    no_email: bool = False


class AddedPractice(Sent, frozen=True, kw_only=True):
    token: str | None = None
    grant: str | None = None
    name: str
    password: str
    code: str | None = None


class OwnPractice(Sent, frozen=True, kw_only=True):
    token: str | None = None
    grant: str | None = None
    reauthenticated: str


class NewPassword(Sent, frozen=True, kw_only=True):
    candidate: str


class Candidate(Sent, frozen=True, kw_only=True):
    candidate: str
    username: str | None = None
    email: str | None = None
    last_name: str | None = None
    birth_date: date | None = None
    practice_name: str | None = None


class List(msgspec.Struct, frozen=True, kw_only=True):
    """The list of commonly used passwords."""

    name: str
    version: str
    address: str


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    code: str
    state: str
    params: Mapping[str, int]
    list: List | None = None


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    rules: tuple[Rule, ...]


class Email(msgspec.Struct, frozen=True, kw_only=True):
    address: str
    state: str


class Practice(msgspec.Struct, frozen=True, kw_only=True):
    practice_id: str
    name: str
    contact: str
    state: str
    areas: Mapping[str, str]  # each open, or why not

    @property
    def enrolled(self) -> bool:
        """Whether one is a patient there now."""
        return self.state == "enrolled"

    @property
    def disclaimed(self) -> str | None:
        """Why health records and medications are off, where it is for the disclaimer."""
        state = self.areas["records"]
        return state if state in OFF else None


OFF = ("disclaimer-declined", "disclaimer-unanswered")


class Receipt(Sent, frozen=True, kw_only=True):
    receipt: str


class TermsAnswer(Sent, frozen=True, kw_only=True):
    version: str
    accepted: bool


class Disclaimer(msgspec.Struct, frozen=True, kw_only=True):
    """A practice's text, in whatever language it has."""

    practice_id: str
    practice_name: str
    version: int
    language: str
    text: str
    answer: str

    @property
    def paragraphs(self) -> list[str]:
        """Its text, where a line is left free between."""
        return paragraphs_of(self.text)


class Disclaimers(msgspec.Struct, frozen=True, kw_only=True):
    disclaimers: tuple[Disclaimer, ...]


class DisclaimerAnswer(Sent, frozen=True, kw_only=True):
    version: int
    answer: str


class TwoStep(msgspec.Struct, frozen=True, kw_only=True):
    """Whether log-on asks for a second step, when, and by what; the recovery codes left."""

    on: bool
    mode: str | None
    means: tuple[str, ...]
    recovery_codes_left: int


class PasskeyCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many there are, and how many of them serve for nothing since a reset."""

    offered: bool
    made: int
    suspended: int

    @property
    def usable(self) -> bool:
        """Whether one at least can confirm anything."""
        return self.offered and self.made > self.suspended


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """The account's settings, in one read."""

    username: str
    email: Email | None
    claimed_email: str | None  # beside a verified one: what is to take its place
    practices: tuple[Practice, ...]
    two_step: TwoStep
    passkeys: PasskeyCount
    questions_set: bool
    recovery_routes: tuple[str, ...]
    to_set_up: tuple[str, ...]
    terms_version: str | None
    locale: str
    time_zone: str

    @property
    def enrolled(self) -> bool:
        """Whether one practice at least is left (UN-4)."""
        return any(practice.enrolled for practice in self.practices)

    @property
    def language(self) -> str:
        """The language of its locale, without the country."""
        return self.locale.partition("-")[0]


class Locale(Sent, frozen=True, kw_only=True):
    locale: str
    time_zone: str


class Password(Sent, frozen=True, kw_only=True):
    new_password: str
    reauthenticated: str
    resource: tuple[str, ...]


class Username(Sent, frozen=True, kw_only=True):
    username: str
    reauthenticated: str


class Claim(Sent, frozen=True, kw_only=True):
    address: str
    reauthenticated: str | None = None


class Verify(Sent, frozen=True, kw_only=True):
    token: str


class Reauthenticate(Sent, frozen=True, kw_only=True):
    verb: str
    password: str | None = None
    code: str | None = None
    ceremony: str | None = None
    credential: msgspec.Raw | None = None


class Ownership(Sent, frozen=True, kw_only=True):
    name: str | None = None
    password: str | None = None
    code: str | None = None
    ceremony: str | None = None
    credential: msgspec.Raw | None = None


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    grant: str


class Owned(Proof, frozen=True, kw_only=True):
    """The other account that was proven: its name, masked, and its practices."""

    username: str
    practices: tuple[str, ...]


class ListedSession(msgspec.Struct, frozen=True, kw_only=True):
    session_id: str
    started_at: datetime
    refreshed_at: datetime
    expires_at: datetime
    current: bool
    device_name: str | None
    agent: str | None
    trusted: bool
    network: str | None
    begun_by: tuple[str, ...]


class Sessions(msgspec.Struct, frozen=True, kw_only=True):
    sessions: tuple[ListedSession, ...]


LOG_ON = Verb("log_on", "POST", "/sessions", Session, LogOn)
LOG_ON_BY_PASSKEY = Verb("log_on_by_passkey", "POST", "/sessions/passkey", Session, PasskeyLogOn)
SECOND_STEP = Verb(
    "take_second_step", "POST", "/sessions/second-step", Session, SecondStep, bearer=True
)
REFRESH = Verb("refresh_session", "POST", "/sessions/refresh", Session, Refresh)
REVOKE = Verb("revoke_session", "POST", "/sessions/revoke", Nothing, Revocation, form=True)
RESET = Verb("reset_password", "POST", "/passwords/reset", Session, Reset)
RESET_ALONE = Verb("reset_password", "POST", "/passwords/reset", Nothing, Reset)
FREEZE = Verb("freeze_account", "POST", "/freezes", Nothing, Freeze)
TERMS = Verb("read_terms", "GET", "/terms", Terms)
PROVE_ENROLMENT = Verb(
    "prove_enrolment", "POST", "/enrolments/proofs", ProvenEnrolment, EnrolmentProof
)
ANSWER_TERMS = Verb("answer_terms", "POST", "/gates/terms", Nothing, TermsAnswer, bearer=True)
HEAR_QUESTIONS = Verb("hear_questions", "POST", "/gates/questions", Nothing, Receipt, bearer=True)
SKIP = Verb("skip_gate", "POST", "/gates/{gate}/skip", Nothing, bearer=True)
DISCLAIMERS = Verb("list_disclaimers", "GET", "/gates/disclaimers", Disclaimers, bearer=True)
ANSWER_DISCLAIMER = Verb(
    "answer_disclaimer",
    "POST",
    "/gates/disclaimers/{practice_id}",
    Nothing,
    DisclaimerAnswer,
    bearer=True,
)
ENROL = Verb("enrol", "POST", "/enrolments", Nothing, Enrolment, keyed=True)
ADD_PRACTICE = Verb(
    "add_practice_to_account",
    "POST",
    "/enrolments/existing-account",
    Nothing,
    AddedPractice,
    keyed=True,
)
ADD_OWN_PRACTICE = Verb(
    "add_practice",
    "POST",
    "/account/practices",
    Nothing,
    OwnPractice,
    bearer=True,
)
CHECK_PASSWORD = Verb("check_password", "POST", "/passwords/check", Judged, Candidate)
ACCOUNT = Verb("read_account", "GET", "/account", Account, bearer=True)
CHECK_NEW_PASSWORD = Verb(
    "check_new_password", "POST", "/account/password/check", Judged, NewPassword, bearer=True
)
CHANGE_LOCALE = Verb("change_locale", "PATCH", "/account", Nothing, Locale, bearer=True)
CHANGE_PASSWORD = Verb(
    "change_password", "PUT", "/account/password", Session, Password, bearer=True
)
CHANGE_USERNAME = Verb(
    "change_username", "PUT", "/account/username", Nothing, Username, bearer=True
)
CLAIM = Verb("claim_email", "POST", "/account/email", Nothing, Claim, bearer=True)
VERIFY = Verb("verify_email", "POST", "/account/email/verify", Nothing, Verify, bearer=True)
REAUTHENTICATE = Verb(
    "reauthenticate", "POST", "/account/reauthenticate", Proof, Reauthenticate, bearer=True
)
PROVE = Verb("prove_ownership", "POST", "/account/ownership-proofs", Owned, Ownership, bearer=True)
SESSIONS = Verb("list_sessions", "GET", "/sessions", Sessions, bearer=True)
END_SESSION = Verb("end_session", "DELETE", "/sessions/{session_id}", Nothing, bearer=True)
END_OTHERS = Verb("end_other_sessions", "POST", "/sessions/end-others", Nothing, bearer=True)

VERBS = (
    LOG_ON,
    LOG_ON_BY_PASSKEY,
    SECOND_STEP,
    REFRESH,
    REVOKE,
    RESET,
    RESET_ALONE,
    FREEZE,
    TERMS,
    ANSWER_TERMS,
    HEAR_QUESTIONS,
    SKIP,
    DISCLAIMERS,
    ANSWER_DISCLAIMER,
    PROVE_ENROLMENT,
    ENROL,
    ADD_PRACTICE,
    ADD_OWN_PRACTICE,
    CHECK_PASSWORD,
    CHECK_NEW_PASSWORD,
    ACCOUNT,
    CHANGE_LOCALE,
    CHANGE_PASSWORD,
    CHANGE_USERNAME,
    CLAIM,
    VERIFY,
    REAUTHENTICATE,
    PROVE,
    SESSIONS,
    END_SESSION,
    END_OTHERS,
)


@dataclass(frozen=True, slots=True)
class Identity:
    """Each method one verb. Raises Refused, Away, Broken."""

    door: Door

    async def log_on(self, visit: Visit, name: str, password: str) -> Session:
        device = secret_for(visit, name)
        body = LogOn(
            name=name,
            password=password,
            device=device,
            resource=RESOURCES,
            agent=visit.agent,
        )
        return await self._opened(LOG_ON, visit, body, name=name)

    async def log_on_by_passkey(self, visit: Visit, answer: Answer, name: str | None) -> Session:
        """This browser's secret is kept by the name that was typed, else by the passkey: whose it
        is nobody has said.
        """
        mine = name or answer.id
        body = PasskeyLogOn(
            ceremony=answer.ceremony,
            credential=answer.credential,
            name=name,
            device=secret_for(visit, mine),
            resource=RESOURCES,
            agent=visit.agent,
        )
        return await self._opened(LOG_ON_BY_PASSKEY, visit, body, name=mine)

    async def second_step(
        self, visit: Visit, token: str, code: str, answer: Answer | None, *, trust: bool
    ) -> Session:
        """By a passkey's answer, where there is one."""
        body = SecondStep(
            code=code if answer is None else None,
            ceremony=answer.ceremony if answer else None,
            credential=answer.credential if answer else None,
            trust=trust,
            device=secret_for(visit),
            resource=RESOURCES,
            agent=visit.agent,
        )
        return await self._opened(SECOND_STEP, visit, body, token=token)

    async def refresh(self, visit: Visit, refresh_token: str, *also: str) -> Session:
        """With a token for each service that is asked often, and for these as well."""
        device = secret_for(visit)
        body = Refresh(refresh_token=refresh_token, device=device, resource=(*RESOURCES, *also))
        return await self.door.call(REFRESH, visit, body=body)

    async def revoke(self, visit: Visit, refresh_token: str) -> None:
        await self.door.call(REVOKE, visit, body=Revocation(token=refresh_token))

    async def reset(self, visit: Visit, grant: str, name: str, new_password: str) -> Session:
        """`name` is the one that whoever the grant is for logs on by here."""
        body = self._reset(visit, grant, name, new_password)
        return await self._opened(RESET, visit, body, name=name)

    async def reset_alone(self, visit: Visit, grant: str, name: str, new_password: str) -> None:
        """With a grant that leads to the log-on: no session begins."""
        body = self._reset(visit, grant, name, new_password)
        await self.door.call(RESET_ALONE, visit, body=body)

    def _reset(self, visit: Visit, grant: str, name: str, new_password: str) -> Reset:
        """The grant says whose it is; who was here last may be somebody else."""
        return Reset(
            grant=grant,
            new_password=new_password,
            device=secret_for(visit, name),
            resource=RESOURCES,
            agent=visit.agent,
        )

    async def _opened(
        self,
        verb: Verb[Session],
        visit: Visit,
        body: LogOn | PasskeyLogOn | SecondStep | Reset,
        *,
        token: str | None = None,
        name: str | None = None,
    ) -> Session:
        """Begin a session, and keep by what identity knows this browser from then on (MF-2)."""
        session = await self.door.call(verb, visit, token=token, body=body)
        used(visit, session.device or body.device, name)
        return session

    async def freeze(self, visit: Visit, token: str, birth_date: date) -> None:
        await self.door.call(FREEZE, visit, body=Freeze(token=token, birth_date=birth_date))

    async def terms(self, visit: Visit) -> Terms:
        return await self.door.call(TERMS, visit, query={"locale": visit.language.code})

    async def answer_terms(self, visit: Visit, token: str, version: str, accepted: bool) -> None:
        body = TermsAnswer(version=version, accepted=accepted)
        await self.door.call(ANSWER_TERMS, visit, token=token, body=body)

    async def hear_questions(self, visit: Visit, token: str, receipt: str) -> None:
        await self.door.call(HEAR_QUESTIONS, visit, token=token, body=Receipt(receipt=receipt))

    async def skip(self, visit: Visit, token: str, gate: str) -> None:
        await self.door.call(SKIP, visit, token=token, ids={"gate": gate})

    async def disclaimers(self, visit: Visit, token: str) -> Disclaimers:
        query = {"locale": visit.language.code}
        return await self.door.call(DISCLAIMERS, visit, token=token, query=query)

    async def answer_disclaimer(
        self, visit: Visit, token: str, practice_id: str, version: int, answer: str
    ) -> None:
        body = DisclaimerAnswer(version=version, answer=answer)
        ids = {"practice_id": practice_id}
        await self.door.call(ANSWER_DISCLAIMER, visit, token=token, ids=ids, body=body)

    async def prove_enrolment(self, visit: Visit, proof: EnrolmentProof) -> ProvenEnrolment:
        return await self.door.call(PROVE_ENROLMENT, visit, body=proof)

    async def enrol(self, visit: Visit, enrolment: Enrolment, *, key: str) -> None:
        await self.door.call(ENROL, visit, body=enrolment, key=key)

    async def add_practice(self, visit: Visit, added: AddedPractice, *, key: str) -> None:
        await self.door.call(ADD_PRACTICE, visit, body=added, key=key)

    async def add_own_practice(self, visit: Visit, token: str, added: OwnPractice) -> None:
        await self.door.call(ADD_OWN_PRACTICE, visit, token=token, body=added)

    async def check_password(self, visit: Visit, candidate: Candidate) -> Judged:
        return await self.door.call(CHECK_PASSWORD, visit, body=candidate)

    async def check_new_password(self, visit: Visit, token: str, candidate: str) -> Judged:
        body = NewPassword(candidate=candidate)
        return await self.door.call(CHECK_NEW_PASSWORD, visit, token=token, body=body)

    async def account(self, visit: Visit, token: str) -> Account:
        return await self.door.call(ACCOUNT, visit, token=token)

    async def change_locale(self, visit: Visit, token: str, locale: str, time_zone: str) -> None:
        body = Locale(locale=locale, time_zone=time_zone)
        await self.door.call(CHANGE_LOCALE, visit, token=token, body=body)

    async def change_password(
        self, visit: Visit, token: str, new_password: str, reauthenticated: str
    ) -> Session:
        body = Password(
            new_password=new_password, reauthenticated=reauthenticated, resource=RESOURCES
        )
        return await self.door.call(CHANGE_PASSWORD, visit, token=token, body=body)

    async def change_username(
        self, visit: Visit, token: str, username: str, reauthenticated: str
    ) -> None:
        body = Username(username=username, reauthenticated=reauthenticated)
        await self.door.call(CHANGE_USERNAME, visit, token=token, body=body)

    async def claim(
        self, visit: Visit, token: str, address: str, reauthenticated: str | None
    ) -> None:
        body = Claim(address=address, reauthenticated=reauthenticated)
        await self.door.call(CLAIM, visit, token=token, body=body)

    async def verify(self, visit: Visit, token: str, link: str) -> None:
        await self.door.call(VERIFY, visit, token=token, body=Verify(token=link))

    async def reauthenticate(
        self, visit: Visit, token: str, verb: str, password: str, code: str, answer: Answer | None
    ) -> Proof:
        """By password, by a passkey's answer, or by both."""
        body = Reauthenticate(
            verb=verb,
            password=password or None,
            code=code or None,
            ceremony=answer.ceremony if answer else None,
            credential=answer.credential if answer else None,
        )
        return await self.door.call(REAUTHENTICATE, visit, token=token, body=body)

    async def prove(self, visit: Visit, token: str, name: str, password: str, code: str) -> Owned:
        body = Ownership(name=name, password=password, code=code or None)
        return await self.door.call(PROVE, visit, token=token, body=body)

    async def prove_by_passkey(self, visit: Visit, token: str, answer: Answer) -> Owned:
        body = Ownership(ceremony=answer.ceremony, credential=answer.credential)
        return await self.door.call(PROVE, visit, token=token, body=body)

    async def sessions(self, visit: Visit, token: str) -> Sessions:
        return await self.door.call(SESSIONS, visit, token=token)

    async def end_session(self, visit: Visit, token: str, session_id: str) -> None:
        await self.door.call(END_SESSION, visit, token=token, ids={"session_id": session_id})

    async def end_others(self, visit: Visit, token: str) -> None:
        await self.door.call(END_OTHERS, visit, token=token)
