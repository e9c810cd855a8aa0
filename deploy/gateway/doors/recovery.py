"""Recovery from outside: what the pages ask of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import msgspec

from deploy.gateway.doors.http import Door, Nothing, Sent, Verb
from deploy.gateway.web.visits import Visit


class Reminder(Sent, frozen=True, kw_only=True):
    """By an account e-mail; with the other two by a notification address as well."""

    email: str
    last_name: str | None = None
    birth_date: date | None = None


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


class TokenRedemption(Sent, frozen=True, kw_only=True):
    username: str
    token: str


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    grant: str
    username: str
    ends: str


class AddressQuestion(msgspec.Struct, frozen=True, kw_only=True):
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
BEGIN_VALIDATION = Verb(
    "begin_validation", "POST", "/resets/validations", AddressQuestion, Fields, keyed=True
)
ANSWER_VALIDATION = Verb("answer_validation", "POST", "/resets/validations/answer", Grant, Choice)
REDEEM_TOKEN = Verb("redeem_reset_token", "POST", "/resets/tokens/redeem", Grant, TokenRedemption)
BANK = Verb("list_security_questions", "GET", "/security-questions", Questions)
SET = Verb("set_security_questions", "PUT", "/security-questions", Receipt, Setting, bearer=True)
ASK = Verb("ask_security_questions", "POST", "/resets/questions", Questions, LinkRequest)
ANSWER = Verb(
    "answer_security_questions", "POST", "/resets/questions/answers", Grant, Answers, keyed=True
)

VERBS = (
    REMIND,
    REQUEST_LINK,
    REDEEM,
    BEGIN_VALIDATION,
    ANSWER_VALIDATION,
    REDEEM_TOKEN,
    BANK,
    SET,
    ASK,
    ANSWER,
)


@dataclass(frozen=True, slots=True)
class Recovery:
    """Each method one verb. Raises Refused, Away, Broken."""

    door: Door

    async def remind(self, visit: Visit, reminder: Reminder) -> None:
        await self.door.call(REMIND, visit, body=reminder)

    async def request_link(self, visit: Visit, name: str) -> None:
        await self.door.call(REQUEST_LINK, visit, body=LinkRequest(name=name))

    async def redeem(self, visit: Visit, link: str) -> Grant:
        return await self.door.call(REDEEM, visit, body=Redemption(token=link))

    async def begin_validation(self, visit: Visit, fields: Fields, *, key: str) -> AddressQuestion:
        return await self.door.call(BEGIN_VALIDATION, visit, body=fields, key=key)

    async def answer_validation(self, visit: Visit, challenge: str, choice: int) -> Grant:
        body = Choice(challenge=challenge, choice=choice)
        return await self.door.call(ANSWER_VALIDATION, visit, body=body)

    async def redeem_token(self, visit: Visit, username: str, token: str) -> Grant:
        body = TokenRedemption(username=username, token=token)
        return await self.door.call(REDEEM_TOKEN, visit, body=body)

    async def questions(self, visit: Visit) -> Questions:
        return await self.door.call(BANK, visit, query={"locale": visit.language.code})

    async def set_questions(
        self, visit: Visit, token: str, questions: Sequence[Answer], grant: str | None
    ) -> str:
        """Return the receipt for identity."""
        body = Setting(questions=tuple(questions), reauthenticated=grant)
        return (await self.door.call(SET, visit, token=token, body=body)).receipt

    async def ask(self, visit: Visit, name: str) -> Questions:
        query = {"locale": visit.language.code}
        return await self.door.call(ASK, visit, body=LinkRequest(name=name), query=query)

    async def answer(
        self, visit: Visit, name: str, answers: Sequence[Answer], *, key: str
    ) -> Grant:
        body = Answers(name=name, answers=tuple(answers))
        return await self.door.call(ANSWER, visit, body=body, key=key)
