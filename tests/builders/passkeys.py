"""Passkeys as a person makes and uses them, with an authenticator of her own (MF-5 … MF-10)."""

from dataclasses import dataclass, field
from typing import Any

from deploy.tour.authenticator import Authenticator, Json
from tests.rigs.identity import PASSWORD, Identity, Person
from tests.rigs.replica import Answer


@dataclass(slots=True, kw_only=True)
class Holder:
    """A person with an authenticator, and a session, at one identity."""

    identity: Identity
    person: Person
    token: str
    refresh_token: str
    authenticator: Authenticator = field(default_factory=Authenticator)

    async def grant(self, verb: str = "passkeys", *, token: str | None = None) -> str:
        """A re-authentication by password."""
        body = {"password": PASSWORD, "verb": verb}
        answer = await self.identity.call(
            "POST", "/account/reauthenticate", body, token=token or self.token
        )
        assert answer.status == 200, answer.body
        return str(answer.body["grant"])

    async def refreshed(self) -> str:
        """An access token of now."""
        answer = await self.identity.refresh(self.refresh_token)
        self.refresh_token = answer.body["refresh_token"]
        return str(answer.body["access_token"])

    async def options(self, path: str, *, token: str | None = None, **body: Any) -> Answer:
        """What a passkey is to answer, of the verb whose answer is taken there."""
        return await self.identity.call(
            "POST", f"{path}/options", body or None, token=token or self.token
        )

    async def asked(self, path: str, *, token: str | None = None) -> Json:
        """The body of an answer by the passkey that was made last."""
        asked = await self.options(path, token=token)
        assert asked.status == 200, asked.body
        return self.answer(asked.body)

    def answer(self, asked: Any, **changed: Any) -> Json:
        credential = self.authenticator.answer(asked["options"], **changed)
        return {"ceremony": asked["ceremony"], "credential": credential}

    async def make(self, name: str = "Phone", **made: Any) -> Answer:
        """Make a passkey that is called so, all the way."""
        asked = await self.options(
            "/account/passkeys", name=name, reauthenticated=await self.grant()
        )
        assert asked.status == 200, asked.body
        return await self.keep(asked.body, **made)

    async def keep(self, asked: Any, **made: Any) -> Answer:
        credential = self.authenticator.make(asked["options"], **made)
        body = {"ceremony": asked["ceremony"], "credential": credential}
        return await self.identity.call("POST", "/account/passkeys", body, token=self.token)

    async def made(self, name: str = "Phone", **made: Any) -> str:
        """The id of a passkey that was made."""
        answer = await self.make(name, **made)
        assert answer.status == 201, answer.body
        return str(answer.body["passkey_id"])

    async def log_on(self, *, changed: Json | None = None, **said: Any) -> Answer:
        """Log on by the passkey that was made last."""
        asked = await ask_to_log_on(self.identity)
        body = self.answer(asked, **(changed or {}))
        return await self.identity.call("POST", "/sessions/passkey", {**body, **said})

    async def listed(self, *, token: str | None = None) -> Json:
        answer = await self.identity.call("GET", "/account/passkeys", token=token or self.token)
        assert answer.status == 200, answer.body
        return dict(answer.body)

    async def remove(self, passkey_id: str, *, grant: str | None = None) -> Answer:
        body = {"reauthenticated": grant or await self.grant()}
        return await self.identity.call(
            "POST", f"/account/passkeys/{passkey_id}/remove", body, token=self.token
        )

    async def two_step_by_passkeys(self) -> list[str]:
        """Turn it on by passkeys alone; its recovery codes."""
        path = "/account/two-step/passkeys"
        answer = await self.identity.call("POST", path, {}, token=self.token)
        assert answer.status == 200, answer.body
        return list(answer.body["recovery_codes"])


async def ask_to_log_on(identity: Identity) -> Any:
    answer = await identity.call("POST", "/sessions/passkey/options")
    assert answer.status == 200, answer.body
    return answer.body


async def a_holder(identity: Identity, person: Person | None = None) -> Holder:
    """Somebody who has just logged on by her password, and has no passkey yet."""
    person = person or await identity.an_account()
    session = await identity.logged_on(person.username)
    return Holder(
        identity=identity,
        person=person,
        token=session["access_token"],
        refresh_token=session["refresh_token"],
    )
