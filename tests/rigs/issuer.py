"""Identity as far as the other services believe it: it signs tokens and grants."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from shared.contracts.ids import AccountId, PracticeId, SessionId
from shared.contracts.reach import SessionScope
from shared.randomness import Randomness
from shared.trust.access import AUDIENCE as EVERYWHERE
from shared.trust.access import AccessTokenIssuer, ClientCaller, SessionCaller, audience
from shared.trust.grants import GrantAct, GrantIssuer, Verb
from tests.builders.people import Person
from tests.support.clock import FakeClock
from tests.support.trust import ISSUER, Trust

RANDOM = Randomness()
AUDIENCE = (f"{ISSUER}/merge", f"{ISSUER}/identity")


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """Signs with the keys that the others have heard of."""

    trust: Trust
    clock: FakeClock

    async def token(
        self,
        person: Person,
        *,
        service: str | None = None,
        gate: str = "",
        since: timedelta = timedelta(),
    ) -> str:
        """An access token of her session, minted now; for all four services, or for one.

        A required `gate` is open where one is named; `since` is how long ago she logged on.
        """
        now = self.clock.now()
        caller = SessionCaller(
            account_id=person.account_id,
            session_id=person.session_id,
            account_version=person.version,
            scope=SessionScope.GATES if gate else SessionScope.FULL,
            auth_time=now - since,
            issued_at=now,
            expires_at=now + timedelta(minutes=5),
            audience=audience(ISSUER, service) if service else EVERYWHERE,
            gate=gate,
        )
        return await self._tokens().for_session(caller)

    async def token_of(self, account_id: AccountId, *, version: int = 0) -> str:
        """The same of an account's holder, as of that version of it."""
        return await self.token(Person(account_id=account_id, version=version))

    async def client_token(
        self, practice_id: PracticeId | None, *scopes: str, service: str | None = None
    ) -> str:
        """The token of a client of this practice, or of a gateway's; for all services, or one."""
        caller = ClientCaller(
            client_id=f"client-of-{practice_id}",
            practice_id=practice_id,
            scopes=frozenset(scopes),
            audience=audience(ISSUER, service) if service else EVERYWHERE,
        )
        return await self._tokens().for_client(caller, now=self.clock.now())

    async def reauthenticated(self, person: Person, **said: Any) -> str:
        """SE-3: five minutes, for a merge, in her own session."""
        return await self.grant(
            person,
            **{
                "act": GrantAct.REAUTHENTICATED,
                "verb": Verb.MERGE,
                "minutes": 5,
                "session_id": person.session_id,
                **said,
            },
        )

    async def owned(self, person: Person, *, within: Person, **said: Any) -> str:
        """MG-1: ten minutes, proven in the session of who asks."""
        session_id = within.session_id
        return await self.grant(
            person,
            **{"act": GrantAct.ACCOUNT_OWNED, "minutes": 10, "session_id": session_id, **said},
        )

    async def grant(
        self,
        person: Person,
        *,
        act: GrantAct,
        minutes: float,
        verb: Verb | None = None,
        audience: tuple[str, ...] = AUDIENCE,
        jti: str = "",
        session_id: SessionId | None = None,
    ) -> str:
        """A grant about the person as she is said to be."""
        now = self.clock.now()
        issuer = GrantIssuer(issuer=self.trust.issuer, own_keys=self.trust.own_keys)
        return await issuer.issue(
            jti=jti or RANDOM.token(),
            act=act,
            audience=audience,
            subject=person.account_id,
            security_version=person.security_version,
            route="password",
            now=now,
            expires_at=now + timedelta(minutes=minutes),
            verb=verb,
            account_version=person.version,
            session_id=session_id,
        )

    def _tokens(self) -> AccessTokenIssuer:
        return AccessTokenIssuer(
            issuer=self.trust.issuer, own_keys=self.trust.own_keys, randomness=RANDOM
        )
