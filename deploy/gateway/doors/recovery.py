"""Recovery from outside: what the pages ask of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import msgspec

from deploy.gateway.doors.http import Door, Nothing, Sent, Verb
from deploy.gateway.web.visits import Visit


class Reminder(Sent, frozen=True, kw_only=True):
    email: str


class LinkRequest(Sent, frozen=True, kw_only=True):
    name: str


class Redemption(Sent, frozen=True, kw_only=True):
    token: str


class Fields(Sent, frozen=True, kw_only=True):
    """Who one is, as the practice has it."""

    username: str
    birth_date: date
    last_name: str
    first_name: str
    home_phone: str


class Choice(Sent, frozen=True, kw_only=True):
    """The place of an address, or one past the last: none of these."""

    challenge: str
    choice: int


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    grant: str
    expires_in: int
    username: str
    ends: str


class Question(msgspec.Struct, frozen=True, kw_only=True):
    challenge: str
    addresses: tuple[str, ...]


class Question(msgspec.Struct, frozen=True, kw_only=True):
    code: str
    text: str


class Questions(msgspec.Struct, frozen=True, kw_only=True):
    """The bank, or two of it; `language` is that of their texts."""

    language: str
    questions: tuple[Question, ...]


class Answer(Sent, frozen=True, kw_only=True):
    code: str
    answer: str


class Setting(Sent, frozen=True, kw_only=True):
    questions: tuple[Answer, ...]
    reauthenticated: str | None = None


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    receipt: str


class Answers(Sent, frozen=True, kw_only=True):
    name: str
    answers: tuple[Answer, ...]


REMIND = Verb("remind_username", "POST", "/usernames/reminders", Nothing, Reminder)
REQUEST_LINK = Verb("request_reset_link", "POST", "/resets/links", Nothing, LinkRequest)
REDEEM = Verb("redeem_reset_link", "POST", "/resets/links/redeem", Grant, Redemption)
BEGIN_VALIDATION = Verb("begin_validation", "POST", "/resets/validations", Question, Fields)
ANSWER_VALIDATION = Verb("answer_validation", "POST", "/resets/validations/answer", Grant, Choice)

VERBS = (REMIND, REQUEST_LINK, REDEEM, BEGIN_VALIDATION, ANSWER_VALIDATION)


@dataclass(frozen=True, slots=True)
class Recovery:
    """Each method one verb. Raises Refused, Away, Broken."""

    door: Door

    async def remind(self, visit: Visit, email: str) -> None:
        await self.door.call(REMIND, visit, body=Reminder(email=email))

    async def request_link(self, visit: Visit, name: str) -> None:
        await self.door.call(REQUEST_LINK, visit, body=LinkRequest(name=name))

    async def redeem(self, visit: Visit, link: str) -> Grant:
        return await self.door.call(REDEEM, visit, body=Redemption(token=link))

    async def begin_validation(self, visit: Visit, fields: Fields) -> Question:
        return await self.door.call(BEGIN_VALIDATION, visit, body=fields)

    async def answer_validation(self, visit: Visit, challenge: str, choice: int) -> Grant:
        body = Choice(challenge=challenge, choice=choice)
        return await self.door.call(ANSWER_VALIDATION, visit, body=body)
