"""Identity in process over a test's own database: real HTTP, a clock that the test moves."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import msgspec

from services.identity.__main__ import PROGRAM
from services.identity.accounts.model import EmailState, NameKind, NewAccount
from services.identity.accounts.store import accounts, freezes
from services.identity.accounts.store import names as log_on_names
from services.identity.emails.addresses import address_key
from services.identity.features import Features
from services.identity.log_on.store import terms
from services.identity.patients.model import Patient
from services.identity.patients.store import patients
from services.identity.practices.model import Practice
from services.identity.practices.store import practices
from services.identity.settings import Settings
from shared.acts import By
from shared.contracts.ids import AccountId, PatientId, PracticeId
from shared.contracts.keys import KeyPurpose, PublicKey
from shared.contracts.log_on_names import name_key
from shared.contracts.practice_settings import PracticeSettings
from shared.randomness import Randomness
from shared.trust.grants import GrantAct, GrantIssuer
from tests.rigs.replica import Answer, Replica, environment, put_together, served
from tests.support import database as databases
from tests.support.clock import START, FakeClock
from tests.support.trust import ISSUER, ORIGIN, Trust, trusting

PASSWORD = "Walnut-Harbour-7"
TERMS_VERSION = "2026-01"
PRACTICE = Practice(
    id=PracticeId(UUID(int=0xE1)),
    version=1,
    name="Elm Road Practice",
    contact="+1 555 0199",
    locale="en-US",
    time_zone="America/New_York",
    settings=PracticeSettings(security_questions=False),  # for who is not asked about them
)
NOBODY_S = PublicKey(
    kid="nobody-s",
    purpose=KeyPurpose.SEALING,
    raw=bytes(range(1, 33)),
    usable_from=START - timedelta(days=1),
    usable_until=None,
)
ENVIRONMENT: Mapping[str, str] = environment("identity")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """An account as a builder made it."""

    id: AccountId
    username: str
    password: str
    email: str | None


@dataclass(slots=True, kw_only=True, repr=False)
class Identity(Replica[Features, Settings]):
    """One replica of identity."""

    database: databases.Database

    @property
    def trust(self) -> Trust:
        """What it believes of others' keys, and others of its own."""
        return Trust(
            service="identity",
            issuer=self.plumbing.issuer,
            database=self.plumbing.database,
            own_keys=self.own_keys,
            public_keys=self.plumbing.public_keys,
        )

    async def log_on(self, name: str, password: str = PASSWORD, **said: str) -> Answer:
        return await self.call("POST", "/sessions", {"name": name, "password": password, **said})

    async def logged_on(
        self, name: str | None = None, password: str = PASSWORD, **said: str
    ) -> dict[str, Any]:
        """The reply to a log-on that is taken; of a new account where none is named."""
        answer = await self.log_on(name or (await self.an_account()).username, password, **said)
        assert answer.status == 201, answer.body
        return dict(answer.body)

    async def introspected(self, token: str, *, by: str | None = None) -> dict[str, Any]:
        """What a gateway is told of a token."""
        gateway = by or await self.a_gateway_token()
        answer = await self.call("POST", "/oauth/introspect", form={"token": token}, token=gateway)
        assert answer.status == 200, answer.body
        return dict(answer.body)

    async def freeze(self, account_id: AccountId) -> None:
        """Shut the account as a freeze does, password and all; no session of it ends."""
        async with self.plumbing.database.transaction() as tx:
            assert await freezes.freeze(tx, account_id)

    async def log_ons(self, name: str, password: str, times: int, **said: str) -> list[Answer]:
        """That many at once."""
        return await asyncio.gather(*(self.log_on(name, password, **said) for _ in range(times)))

    async def refresh(self, token: str, **said: str) -> Answer:
        return await self.call("POST", "/sessions/refresh", {"refresh_token": token, **said})

    async def reset(self, grant: str, new_password: str, **said: str) -> Answer:
        body = {"grant": grant, "new_password": new_password, **said}
        return await self.call("POST", "/passwords/reset", body)

    def a_username(self) -> str:
        """A name nobody has."""
        return f"person.{next(self.numbers)}"

    async def an_account(
        self,
        username: str | None = None,
        *,
        password: str = PASSWORD,
        email: str | None = None,
        enrolled: bool = True,
    ) -> Person:
        """Make an active account at a practice, with a verified e-mail where one is named."""
        username = username or self.a_username()
        account_id = AccountId(self.plumbing.randomness.uuid())
        hashed = await self.features.passwords.passwords.hash(password)
        now = self.clock.now()
        async with self.plumbing.database.transaction() as tx:
            await accounts.add(
                tx,
                NewAccount(
                    id=account_id,
                    username=username,
                    password_hash=hashed.hash,
                    history_salt=hashed.history_salt,
                    locale="en-US",
                    time_zone="America/New_York",
                    created_at=now,
                ),
            )
            key = name_key(username)
            assert await log_on_names.claim(tx, key, account_id, NameKind.USERNAME, now=now)
            await self.features.passwords.passwords.remember(
                tx, account_id, hashed, security_version=1, now=now
            )
            if email is not None:
                key = address_key(email)
                before = now - timedelta(seconds=1)  # whatever is told from now on (RC-9)
                assert await log_on_names.claim(tx, key, account_id, NameKind.EMAIL, now=before)
                await tx.execute(
                    "INSERT INTO account_emails VALUES ($1, $2, $3, $4, $5, $5)",
                    account_id,
                    EmailState.VERIFIED,
                    email,
                    key,
                    before,
                )
            if current := await terms.current(tx):
                assert await terms.accept(tx, account_id, current.version, now=now)
            if enrolled:
                patient = self._a_record()
                assert await patients.add(tx, patient, now=now)
                await patients.enrol(tx, patient, account_id, now=now)
        return Person(id=account_id, username=username, password=password, email=email)

    def _a_record(self) -> Patient:
        """Of the practice that every account made here is enrolled at."""
        return Patient(
            id=PatientId(self.plumbing.randomness.uuid()),
            practice_id=PRACTICE.id,
            version=1,
            number=None,
            last_name="García-Lopez",
            first_name="Maria",
            birth_date=date(1984, 5, 3),
            home_phone=None,
            address=None,
            email=None,
            account_id=None,
        )

    async def begin(self) -> None:
        """Publish the terms, and add the practice of the accounts made here: once a database.

        A key of notify's is known, older than any that a postman has: nobody opens what is sealed.
        """
        now = self.clock.now()
        async with self.plumbing.database.transaction() as tx:
            if await terms.publish(tx, TERMS_VERSION, {"en": "Be kind.", "es": "Sé."}, now=now):
                await practices.add(tx, PRACTICE, now=now)
            await tx.execute(
                "INSERT INTO public_keys VALUES ($1, 0, $2, $3) ON CONFLICT DO NOTHING",
                f"{ISSUER}/notify",
                msgspec.json.encode([NOBODY_S]).decode(),
                now,
            )

    async def publish_terms(self, version: str, **texts: str) -> bool:
        """Publish a version as the operator does."""
        published = {"en": f"Terms of {version}.", **texts}
        return await self.features.log_on.terms.publish(version, published, by=self.operator())

    async def publish_disclaimer(self, practice_id: PracticeId = PRACTICE.id, **texts: str) -> int:
        """Word a practice's disclaimer as its staff does; return the version."""
        made = await self.features.log_on.disclaimers.publish(
            practice_id, texts or {"en": "Ask before you worry."}, by=self.operator()
        )
        return made.version

    def operator(self) -> By:
        """Who types a verb now."""
        return By(origin=ORIGIN, now=self.clock.now())

    async def a_practice_client(self, *, security_questions: bool = False) -> tuple[str, str]:
        """Make a practice; return its client's id and secret. Its patients are asked for no
        security questions, unless it is said.
        """
        made = await self.features.practices.practices.add(
            "Elm Street Practice",
            contact="+1 555 0100",
            locale="en-US",
            time_zone="America/New_York",
            settings={"reset_link_minutes": 60, "security_questions": security_questions},
            by=self.operator(),
        )
        return made.client_id, made.secret

    async def a_gateway_token(self) -> str:
        """The access token of a client that may introspect."""
        made = await self.features.practices.practices.add_gateway(
            "web gateway", by=self.operator()
        )
        answer = await self.client_token(made.client_id, made.secret)
        return str(answer.body["access_token"])

    async def client_token(self, client_id: str, secret: str, **more: str) -> Answer:
        form = {"grant_type": "client_credentials", "client_id": client_id}
        return await self.call(
            "POST", "/oauth/token", form={**form, "client_secret": secret, **more}
        )

    async def rows(self, query: str, *arguments: Any) -> list[Any]:
        """Read as the administrator; for assertions only."""
        async with self.database.administrator() as connection:
            await connection.execute("SET search_path = identity")
            return list(await connection.fetch(query, *arguments))

    async def events(self, name: str) -> list[Any]:
        """The data of the events of that name that wait in the outbox, in order; of any version."""
        rows = await self.rows(
            "SELECT convert_from(body, 'UTF8')::json->>'data' AS data FROM outbox "
            "WHERE routing_key ~ $1 ORDER BY id",
            rf"^identity\.{name}\.v\d+$",
        )
        return [msgspec.json.decode(row["data"]) for row in rows]

    async def somebody_waits(self) -> None:
        """Assert that a statement waits for a lock in this database, for `eventually`."""
        assert await self.rows(
            "SELECT FROM pg_stat_activity WHERE datname = current_database() "
            "AND wait_event_type = 'Lock'"
        )


@asynccontextmanager
async def identity_service(
    database: databases.Database, clock: FakeClock, **settings: str
) -> AsyncIterator[Identity]:
    """Run one replica; two over the same database and clock are two replicas of one service."""
    environ = environment("identity", database.url("identity"), **settings)
    service = put_together(PROGRAM, environ, clock)
    async with served(service) as client:
        made = Identity(service=service, client=client, clock=clock, database=database)
        await made.own_keys.ensure()
        await made.begin()
        yield made


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """The other side of a reset: issues grants that identity has the key to check."""

    trust: Trust
    clock: FakeClock

    async def grant(
        self,
        person: Person,
        *,
        jti: str = "",
        security_version: int = 1,
        route: str = "link",
        audience: str = "identity",
    ) -> str:
        """A grant for a new password, as if a proof had begun at that security version."""
        return await GrantIssuer(issuer=self.trust.issuer, own_keys=self.trust.own_keys).issue(
            jti=jti or Randomness().token(),
            act=GrantAct.PASSWORD_SET,
            audience=(f"{ISSUER}/{audience}",),
            subject=person.id,
            security_version=security_version,
            route=route,
            now=self.clock.now(),
            expires_at=self.clock.now() + timedelta(minutes=10),
        )

    async def receipt(
        self,
        person: Person,
        *,
        set_id: UUID | None = None,
        version: int = 1,
        audience: str = "identity",
        act: GrantAct = GrantAct.QUESTIONS_SET,
    ) -> str:
        """That five security questions were set, at that version of the account."""
        now = self.clock.now()
        return await GrantIssuer(issuer=self.trust.issuer, own_keys=self.trust.own_keys).issue(
            jti=str(set_id or Randomness().uuid()),
            act=act,
            audience=(f"{ISSUER}/{audience}",),
            subject=person.id,
            security_version=1,
            route="questions",
            now=now,
            expires_at=now + timedelta(minutes=10),
            account_version=version,
        )


@asynccontextmanager
async def recovery_beside(identity: Identity) -> AsyncIterator[Recovery]:
    """Recovery's keys, made and heard of by identity."""
    async with trusting(identity.database, "recovery", identity.clock) as trust:
        await trust.own_keys.ensure()
        await identity.trust.learn_from(trust)
        yield Recovery(trust=trust, clock=identity.clock)
