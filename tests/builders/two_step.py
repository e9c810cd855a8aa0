"""Two-step verification as a person uses it: an authenticator app of her own, beside the product's.

Its codes are RFC 6238 in a few lines, not by the library that the product reads them with.
"""

import base64
import hmac
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from tests.rigs.identity import PASSWORD, Identity, Person
from tests.rigs.replica import Answer

WRONG_CODE = "AAAA-AAAA-AAAA-AAAA"  # a recovery code that nobody has


def code_of(secret: str, moment: datetime, *, shift: int = 0) -> str:
    """What an app shows at that moment, or so many steps away from it."""
    counter = int(moment.timestamp()) // 30 + shift
    digest = hmac.digest(base64.b32decode(secret), counter.to_bytes(8, "big"), "sha1")
    at = digest[-1] & 15
    number = int.from_bytes(digest[at : at + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**6:06}"


@dataclass(slots=True, kw_only=True)
class TwoStepper:
    """A person with two-step on, at one identity."""

    identity: Identity
    person: Person
    token: str  # of the session that turned it on
    secret: str
    codes: list[str]

    def code(self, *, shift: int = 0) -> str:
        """What her app shows now, or so many steps away."""
        return code_of(self.secret, self.identity.clock.now(), shift=shift)

    def wrong_digits(self, count: int) -> list[str]:
        """So many that her app shows at no moment from two steps ago to an hour from now."""
        right = {self.code(shift=shift) for shift in range(-2, 121)}
        digits = (f"{number:06}" for number in range(10**6))
        return list(islice((code for code in digits if code not in right), count))

    async def next_code(self) -> str:
        """A code that was not taken before: she waits for the next one."""
        self.identity.clock.advance(seconds=30)
        return self.code()

    async def log_on(self) -> dict[str, Any]:
        """The reply to her password: a session that waits for the code."""
        answer = await self.identity.log_on(self.person.username, self.person.password)
        assert answer.status == 201, answer.body
        return dict(answer.body)

    async def step(self, token: str, code: str, **more: Any) -> Answer:
        return await self.identity.call(
            "POST", "/sessions/second-step", {"code": code, **more}, token=token
        )

    async def logged_on(self) -> str:
        """The access token of a full session."""
        half = await self.log_on()
        answer = await self.step(half["access_token"], await self.next_code())
        assert answer.status == 201, answer.body
        return str(answer.body["access_token"])

    async def reauthenticate(self, token: str, verb: str, code: str | None) -> Answer:
        body = {"password": PASSWORD, "verb": verb} | ({"code": code} if code else {})
        return await self.identity.call("POST", "/account/reauthenticate", body, token=token)

    async def proof(self, token: str, verb: str) -> str:
        """A grant for this verb, by password and a fresh code."""
        answer = await self.reauthenticate(token, verb, await self.next_code())
        assert answer.status == 200, answer.body
        return str(answer.body["grant"])


async def set_up(identity: Identity, token: str, **body: str) -> Answer:
    return await identity.call("POST", "/account/two-step/app", body, token=token)


async def confirm(identity: Identity, token: str, code: str) -> Answer:
    return await identity.call("POST", "/account/two-step/app/confirm", {"code": code}, token=token)


async def turned_on(identity: Identity, person: Person | None = None) -> TwoStepper:
    """Turn two-step on for this person, or somebody new, right after her log-on."""
    person = person or await identity.an_account()
    token = str((await identity.log_on(person.username, person.password)).body["access_token"])
    secret = str((await set_up(identity, token)).body["secret"])
    answer = await confirm(identity, token, code_of(secret, identity.clock.now()))
    assert answer.status == 200, answer.body
    return TwoStepper(
        identity=identity,
        person=person,
        token=token,
        secret=secret,
        codes=list(answer.body["recovery_codes"]),
    )
