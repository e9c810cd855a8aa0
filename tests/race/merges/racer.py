"""One account of a race of merges, and whatever was handed out for it: all that might open it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from deploy.client.answers import Answer
from deploy.client.eventually import eventually
from deploy.local.addresses import ClientCredentials
from tests.builders.questions import FIVE, chosen
from tests.fault.people import Person

NEVER = tuple(status for status in range(200, 500))  # what is no fault of the service's
HEARD_WITHIN = 120.0
FULL = "full"

Deed = Callable[[], Awaitable[object]]


@dataclass(slots=True, kw_only=True)
class Racer:
    """`number` tells the three of a person apart. Whoever has no `mailbox` has no questions."""

    person: Person
    gateway: ClientCredentials  # who asks about tokens
    number: int
    mailbox: bool = True
    passwords: list[str] = field(default_factory=list)
    sessions: list[tuple[str, str]] = field(default_factory=list)  # access and refresh tokens
    full: list[str] = field(default_factory=list)  # access tokens that open all
    halves: list[str] = field(default_factory=list)  # those that wait for the second step
    devices: list[str] = field(default_factory=list)
    grants: list[str] = field(default_factory=list)  # of resets
    proofs: list[str] = field(default_factory=list)  # of its holder, for another username
    not_me: list[str] = field(default_factory=list)  # links: "this was not me"
    reset_links: list[str] = field(default_factory=list)
    slips: list[str] = field(default_factory=list)  # tokens of its practice's
    email_links: list[str] = field(default_factory=list)
    address_links: list[str] = field(default_factory=list)  # of notification addresses
    apps: list[str] = field(default_factory=list)  # their secrets, the newest last
    codes: list[str] = field(default_factory=list)  # of recovery, not used up
    challenges: list[Mapping[str, Any]] = field(default_factory=list)  # validations, to be answered

    @property
    def id(self) -> UUID:
        return self.person.account_id

    @property
    def answers(self) -> Mapping[str, str]:
        """Those to its own questions: another account of hers has others."""
        return {code: f"{answer} {self.number}" for code, answer in FIVE.items()}

    @property
    def channels(self) -> list[dict[str, str]]:
        """What it chose for its enrolment; each of the three something else."""
        email, notice = {"channel": "email"}, {"channel": "portal"}
        return [[notice], [email], [email, notice]][self.number]

    # ---- calls

    async def tries(self, verb: str, **arguments: Any) -> Answer:
        """Call until there is an answer, whatever it is."""
        return await self.person.call(verb, *NEVER, **arguments)

    async def tries_from_elsewhere(self, verb: str, **arguments: Any) -> Answer:
        """The same from a source that nothing was counted on yet (LG-4)."""
        client = self.person.client
        place = int(client.randomness.digits(9)) % 65536
        source = f"198.19.{place >> 8}.{place & 255}"  # RFC 2544: never a real host
        return await client.insist(verb, *NEVER, source=source, **arguments)

    async def must(self, verb: str, status: int, **arguments: Any) -> Answer:
        answer = await self.tries(verb, **arguments)
        assert answer.status == status, (verb, answer.body)
        return answer

    # ---- to be there

    async def comes(self) -> None:
        """An account with a verified address, questions, a preference and a notice of its own."""
        person = self.person
        await person.comes()
        self.passwords.append(person.password)
        answers = {"questions": chosen(self.answers)}
        answer = await self.must("set_security_questions", 200, token=person.access, body=answers)
        receipt = {"receipt": answer.body["receipt"]}
        heard = await self.tries("hear_questions", token=person.access, body=receipt)
        assert heard.status in (204, 401), heard.body  # void where the event was there before it
        await self.logs_on()
        await self.has_chosen()
        await eventually(self._has_notices)

    async def has_chosen(self) -> None:
        """How its practice writes to it, once notify knows that it is enrolled there."""
        path = {"patient_id": self.person.patient_id}
        body = {"default": self.channels, "topics": {}}
        verb, access = "choose_notification_preference", self.full[-1]
        await eventually(lambda: self.must(verb, 204, token=access, path=path, body=body))

    async def _has_notices(self) -> None:
        """What its snapshot, its mails and their notices take until they are there."""
        found = await self.must("list_notices", 200, token=self.full[-1])
        assert found.body["notices"], "none has come yet"

    async def recovery_knows(self) -> None:
        """Wait for what identity has told of the account: until then it is nobody's there."""

        async def is_up_to_date() -> None:
            [row] = await self.person.ledger.books.rows(
                "SELECT a.version, r.version AS heard FROM identity.accounts AS a "
                "LEFT JOIN recovery.accounts AS r ON r.account_id = a.id WHERE a.id = $1",
                self.id,
            )
            assert row["version"] == row["heard"], "a snapshot is on its way"

        await eventually(is_up_to_date, within=HEARD_WITHIN, pause=0.1)

    # ---- sessions and proofs

    async def logs_on(self) -> Answer:
        body = {"name": self.person.username, "password": self.passwords[-1]}
        return self.keeps(await self.tries("log_on", body=body))

    async def steps_in(self) -> Answer:
        """Log on, with a recovery code where the account has two-step on."""
        answer = await self.logs_on()
        if answer.status != 201 or not self.waits_for_code(answer):
            return answer
        body, half = {"code": self.codes.pop()}, answer.body["access_token"]
        return self.keeps(await self.tries("take_second_step", token=half, body=body))

    async def refreshes(self) -> Answer:
        """In the session that it would ask in."""
        newest = self.full[-1] if self.full else self.sessions[-1][0]
        body = {"refresh_token": dict(self.sessions)[newest]}
        return self.keeps(await self.tries("refresh_session", body=body))

    def waits_for_code(self, answer: Answer) -> bool:
        return any(gate["name"] == "second-step" for gate in answer.body["gates"])

    def keeps(self, answer: Answer) -> Answer:
        """Keep what a session was handed."""
        if answer.status < 300 and "refresh_token" in answer.body:
            body = answer.body
            self.sessions.append((body["access_token"], body["refresh_token"]))
            if body["scope"] == FULL:
                self.full.append(body["access_token"])
            elif self.waits_for_code(answer):
                self.halves.append(body["access_token"])
            if "device" in body:
                self.devices.append(body["device"])
        return answer

    async def proves(self, verb: str) -> str:
        """SE-3, in its newest session: by password, or where there is two-step by its passkey."""
        access = self.full[-1]
        body: dict[str, Any] = {"password": self.passwords[-1], "verb": verb}
        if self.apps:
            asked = await self.must("ask_to_reauthenticate", 200, token=access)
            body = {"verb": verb, **self.signs(asked)}
        answer = await self.must("reauthenticate", 200, token=access, body=body)
        return str(answer.body["grant"])

    def signs(self, asked: Answer) -> dict[str, Any]:
        """The answer of the first passkey of its phone: a later one may not be kept yet."""
        phone = self.person.phone
        credential = phone.answer(asked.body["options"], phone.keys[0])
        return {"ceremony": asked.body["ceremony"], "credential": credential}

    async def owns(self, other: "Racer") -> str:
        """MG-1: a proof that the other account is its holder's too."""
        body = {"name": other.person.username, "password": other.passwords[-1]}
        if other.apps:
            body["code"] = other.codes.pop()
        answer = await self.must("prove_ownership", 200, token=self.full[-1], body=body)
        return str(answer.body["grant"])

    # ---- what a reset's grant is for

    async def resets_by(self, grant: str) -> Answer:
        password = self.new_password()
        body = {"grant": grant, "new_password": password}
        answer = self.keeps(await self.tries("reset_password", body=body))
        if answer.status == 200:
            self.passwords.append(password)
        return answer

    def new_password(self) -> str:
        return f"Copper!Lantern-{self.person.client.randomness.digits(6)}"

    def resetting(self, answer: Answer) -> Deed:
        """What a reset's grant is for, whichever route it came by."""
        grant = str(answer.body["grant"])
        self.grants.append(grant)
        return lambda: self.resets_by(grant)
