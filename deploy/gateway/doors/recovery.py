"""Recovery from outside: what the pages ask of it."""

from dataclasses import dataclass

import msgspec

from deploy.gateway.doors.http import Door, Nothing, Sent, Verb
from deploy.gateway.web.visits import Visit


class Reminder(Sent, frozen=True, kw_only=True):
    email: str


class LinkRequest(Sent, frozen=True, kw_only=True):
    name: str


class Redemption(Sent, frozen=True, kw_only=True):
    token: str


class TokenRedemption(Sent, frozen=True, kw_only=True):
    username: str
    token: str


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    grant: str
    expires_in: int
    username: str


REMIND = Verb("remind_username", "POST", "/usernames/reminders", Nothing, Reminder)
REQUEST_LINK = Verb("request_reset_link", "POST", "/resets/links", Nothing, LinkRequest)
REDEEM = Verb("redeem_reset_link", "POST", "/resets/links/redeem", Grant, Redemption)
REDEEM_TOKEN = Verb("redeem_reset_token", "POST", "/resets/tokens/redeem", Grant, TokenRedemption)

VERBS = (REMIND, REQUEST_LINK, REDEEM, REDEEM_TOKEN)


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

    async def redeem_token(self, visit: Visit, username: str, token: str) -> Grant:
        body = TokenRedemption(username=username, token=token)
        return await self.door.call(REDEEM_TOKEN, visit, body=body)
