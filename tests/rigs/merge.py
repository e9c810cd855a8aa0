"""Merge in process on a real database; identity's facts and proofs are told by hand."""

import asyncio
import base64
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import msgspec
from aiohttp.test_utils import TestClient, TestServer

from services.merge.__main__ import PROGRAM
from services.merge.features import Features
from services.merge.settings import MergeSettings
from shared.access import AccessTokenIssuer, ClientCaller, SessionCaller
from shared.contracts.contract import Contract, E
from shared.contracts.envelope import Envelope
from shared.contracts.identity import (
    ACCOUNT_CHANGED,
    ACCOUNTS_MERGED,
    MERGE_REJECTED,
    PERSON_CHANGED,
    AccountChanged,
    AccountsMerged,
    AccountState,
    Enrolment,
    EnrolmentState,
    MergeRefusal,
    MergeRejected,
    PersonChanged,
)
from shared.contracts.ids import AccountId, EventId, MergeId, PatientId, PracticeId, SessionId
from shared.contracts.merge import (
    MERGE_REFUSED,
    MERGE_REQUESTED,
    MergeApplied,
    MergeRefused,
    MergeRequested,
)
from shared.contracts.notify import NOTIFY_MERGE_APPLIED
from shared.contracts.recovery import RECOVERY_MERGE_APPLIED
from shared.db import Row
from shared.grants import Act, GrantIssuer, Verb
from shared.keys import KEYS_CHANGED
from shared.messaging.messages import Delivery
from shared.program import Plumbing
from shared.randomness import Randomness
from shared.runtime import Assembled, assemble
from shared.settings import load
from tests.support.clock import FakeClock
from tests.support.database import Database
from tests.support.deliveries import delivered
from tests.support.trust import ISSUER, Trust

RANDOM = Randomness()
LAST_NAME, BIRTH_DATE = "Hale", date(1988, 4, 17)
AUDIENCE = (f"{ISSUER}/merge", f"{ISSUER}/identity")


def a_practice() -> PracticeId:
    return PracticeId(RANDOM.uuid())


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """An account, its versions, and her records at practices."""

    account_id: AccountId = field(default_factory=lambda: AccountId(RANDOM.uuid()))
    session_id: SessionId = field(default_factory=lambda: SessionId(RANDOM.uuid()))
    version: int = 3
    security_version: int = 2
    state: AccountState = AccountState.ACTIVE
    email: str | None = None
    locale: str = "en"
    time_zone: str = "UTC"
    last_name: str = LAST_NAME
    birth_date: date = BIRTH_DATE
    enrolments: tuple[Enrolment, ...] = ()

    def changed(self, **changes: Any) -> "Person":
        """The same account after a change that others hear of."""
        return replace(self, **{"version": self.version + 1, **changes})

    def snapshot(self) -> AccountChanged:
        return AccountChanged(
            account_id=self.account_id,
            state=self.state,
            username=f"person.{self.account_id.hex[:8]}",
            email=self.email,
            security_version=self.security_version,
            locale=self.locale,
            time_zone=self.time_zone,
            enrolments=self.enrolments,
        )

    def records(self) -> Iterable[PersonChanged]:
        """What her practices say of her, all of them the same."""
        for enrolment in self.enrolments:
            yield PersonChanged(
                patient_id=enrolment.patient_id,
                practice_id=enrolment.practice_id,
                account_id=self.account_id,
                last_name=self.last_name,
                first_name="Juniper",
                birth_date=self.birth_date,
                home_phone=None,
                address=None,
            )


def enrolled(
    practice_id: PracticeId | None = None, state: EnrolmentState = EnrolmentState.ENROLLED
) -> Enrolment:
    """An enrolment of a patient record of its own."""
    return Enrolment(
        practice_id=practice_id or a_practice(),
        patient_id=PatientId(RANDOM.uuid()),
        state=state,
    )


def a_person(**said: Any) -> Person:
    """Enrolled at one practice of her own, unless said otherwise."""
    return Person(**{"enrolments": (enrolled(),), **said})


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int
    body: Any

    @property
    def code(self) -> str:
        return str(self.body.get("code", ""))

    @property
    def merge_id(self) -> MergeId:
        """Of a merge that was accepted."""
        assert self.status == 202, self.body
        return MergeId(UUID(self.body["merge_id"]))

    def refused(self) -> tuple[int, str]:
        return self.status, self.code


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Identity as far as merge believes it: it signs tokens and grants."""

    trust: Trust
    clock: FakeClock

    async def token(self, person: Person) -> str:
        """An access token of her session, minted now."""
        now = self.clock.now()
        caller = SessionCaller(
            account_id=person.account_id,
            session_id=person.session_id,
            account_version=person.version,
            issued_at=now,
            expires_at=now + timedelta(minutes=5),
        )
        return await self._tokens().for_session(caller)

    async def client_token(self, practice_id: PracticeId, *scopes: str) -> str:
        caller = ClientCaller(
            client_id="practice-1", practice_id=practice_id, scopes=frozenset(scopes)
        )
        return await self._tokens().for_client(caller, now=self.clock.now())

    async def reauthenticated(self, person: Person, **said: Any) -> str:
        """SE-3: five minutes, for a merge, in her own session."""
        return await self.grant(
            person,
            **{
                "act": Act.REAUTHENTICATED,
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
            **{"act": Act.ACCOUNT_OWNED, "minutes": 10, "session_id": session_id, **said},
        )

    async def grant(
        self,
        person: Person,
        *,
        act: Act,
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
            account_id=person.account_id,
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A merge as it is asked for; the same again is the same grants."""

    token: str
    body: Mapping[str, Any]
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Merging:
    """One replica of merge; two on one database are two replicas."""

    service: Assembled[Features, MergeSettings]
    client: "TestClient[Any, Any]"
    identity: Identity
    clock: FakeClock

    @property
    def plumbing(self) -> Plumbing[MergeSettings]:
        return self.service.plumbing

    @property
    def features(self) -> Features:
        return self.service.composition.features

    async def hear(self, *deliveries: Delivery, queue: str = "merge.saga") -> None:
        """Take these in as one batch of that queue's consumer."""
        intake = next(one for one in self.service.messaging.intakes if one.queue == queue)
        await intake.settle(deliveries)

    async def learn_keys(self) -> None:
        """Hear identity's keys."""
        bodies = await self.identity.trust.published()
        assert KEYS_CHANGED["identity"].owner == "identity"
        deliveries = [delivered(body, tag=tag) for tag, body in enumerate(bodies)]
        await self.hear(*deliveries, queue="merge.keys")

    async def knows(self, *people: Person) -> None:
        """Hear of people as they are, and of their records."""
        for person in people:
            await self.knows_account(person)
            await self.knows_records(person)

    async def knows_account(self, person: Person) -> None:
        delivery = message(
            ACCOUNT_CHANGED, person.snapshot(), subject=person.account_id, version=person.version
        )
        await self.hear(delivery, queue="merge.accounts")

    async def knows_records(self, person: Person) -> None:
        records = [
            message(PERSON_CHANGED, record, subject=record.patient_id, version=person.version)
            for record in person.records()
        ]
        if records:
            await self.hear(*records, queue="merge.accounts")

    async def request(
        self, survivor: Person, absorbed: Person, *, key: str | None = None, **said: Any
    ) -> Request:
        """Prove both accounts at identity; what is said replaces what would be right."""
        body = {
            "reauthenticated": await self.identity.reauthenticated(survivor),
            "owned": await self.identity.owned(absorbed, within=survivor),
            "confirm": True,
            **said,
        }
        return Request(token=await self.identity.token(survivor), body=body, key=key)

    async def send(self, request: Request) -> Answer:
        headers = {"Authorization": f"Bearer {request.token}"}
        if request.key is not None:
            headers["Idempotency-Key"] = request.key
        async with self.client.post("/merges", json=request.body, headers=headers) as reply:
            return Answer(status=reply.status, body=await reply.json())

    async def ask(self, survivor: Person, absorbed: Person, **said: Any) -> Answer:
        return await self.send(await self.request(survivor, absorbed, **said))

    async def get(self, path: str, token: str) -> Answer:
        async with self.client.get(path, headers={"Authorization": f"Bearer {token}"}) as reply:
            return Answer(status=reply.status, body=await reply.json())

    async def state(self, merge_id: MergeId, person: Person) -> tuple[str, str | None]:
        """State and reason as the survivor is told."""
        answer = await self.get(f"/merges/{merge_id}", await self.identity.token(person))
        assert answer.status == 200, answer.body
        return answer.body["state"], answer.body["reason"]

    async def under_way(self, survivor: Person, absorbed: Person) -> "Saga":
        """Have a merge of these accepted."""
        answer = await self.ask(survivor, absorbed)
        return Saga(merge_id=answer.merge_id, survivor=survivor, absorbed=absorbed)

    async def requested(self) -> list[MergeRequested]:
        """What identity is asked for by the outbox."""
        return [told for _, told in await self._published(MERGE_REQUESTED)]

    async def refusals(self) -> list[tuple[str, MergeRefused]]:
        """Of which merges that merge refused the outbox tells: subject and data."""
        return await self._published(MERGE_REFUSED)

    async def _published(self, contract: Contract[E]) -> list[tuple[str, E]]:
        rows = await self.rows(
            "SELECT body FROM outbox WHERE routing_key = $1 ORDER BY id", contract.routing_key
        )
        envelopes = [msgspec.json.decode(row["body"], type=Envelope) for row in rows]
        return [
            (one.subject, msgspec.json.decode(one.data, type=contract.data)) for one in envelopes
        ]

    async def untouched(self) -> bool:
        """Whether nothing is kept of any request: no proof is spent, no account taken, identity is
        not asked.
        """
        counts = [
            await self.rows(f"SELECT FROM {table}")
            for table in ("spent_grants", "merges", "busy_accounts", "idempotency_keys")
        ]
        return not any((*counts, await self.requested()))

    async def audited(self, action: str = "merge.request") -> list[tuple[str, str, str | None]]:
        """Outcome, subject and detail of each row, in the order in which they came."""
        rows = await self.rows(
            "SELECT outcome, subject, detail FROM audit_entries WHERE action = $1 ORDER BY at, id",
            action,
        )
        return [(row["outcome"], row["subject"], row["detail"]) for row in rows]

    async def dead(self) -> list[str]:
        """Why messages of the saga are dead."""
        rows = await self.rows(
            "SELECT detail FROM dead_letters WHERE reason = 'undeliverable' ORDER BY id"
        )
        return [row["detail"].removeprefix("Undeliverable: ") for row in rows]

    async def rows(self, query: str, *arguments: object) -> list[Row]:
        """Look into merge's tables."""
        async with self.plumbing.database.connection() as connection:
            return list(await connection.fetch(query, *arguments))


@dataclass(frozen=True, slots=True, kw_only=True)
class Saga:
    """A merge under way, and the messages that others send about it; each call is a new event."""

    merge_id: MergeId
    survivor: Person
    absorbed: Person

    def merged(self) -> Delivery:
        return message(ACCOUNTS_MERGED, self.accounts_merged(), subject=self.survivor.account_id)

    def accounts_merged(self) -> AccountsMerged:
        both = (*self.survivor.enrolments, *self.absorbed.enrolments)
        return AccountsMerged(
            account_id=self.survivor.account_id,
            recipients=(),
            locale="en",
            time_zone="UTC",
            occurred_at=FakeClock().now(),
            merge_id=self.merge_id,
            absorbed_id=self.absorbed.account_id,
            enrolments=both,
        )

    def rejected(self, reason: MergeRefusal = MergeRefusal.PROOF_STALE) -> Delivery:
        told = MergeRejected(
            account_id=self.survivor.account_id,
            recipients=(),
            locale="en",
            time_zone="UTC",
            occurred_at=FakeClock().now(),
            merge_id=self.merge_id,
            absorbed_id=self.absorbed.account_id,
            absorbed_recipients=(),
            reason=reason,
        )
        return message(MERGE_REJECTED, told, subject=self.survivor.account_id)

    def recovery_applied(self) -> Delivery:
        return self._applied(RECOVERY_MERGE_APPLIED)

    def notify_applied(self) -> Delivery:
        return self._applied(NOTIFY_MERGE_APPLIED)

    def all_applied(self) -> list[Delivery]:
        return [self.merged(), self.recovery_applied(), self.notify_applied()]

    def merge_applied(self) -> MergeApplied:
        return MergeApplied(merge_id=self.merge_id)

    def _applied(self, contract: Contract[MergeApplied]) -> Delivery:
        return message(contract, self.merge_applied(), subject=self.survivor.account_id)


def message(
    contract: Contract[E], data: E, *, subject: UUID, version: int | None = None
) -> Delivery:
    """An event as its owner's relay publishes it."""
    envelope = Envelope(
        specversion="1.0",
        id=EventId(RANDOM.uuid()),
        source=f"/{contract.owner}",
        type=contract.type,
        subject=str(subject),
        time=FakeClock().now(),
        datacontenttype="application/json",
        data=msgspec.Raw(msgspec.json.encode(data)),
        aggregateversion=version,
        correlationid=RANDOM.uuid(),
    )
    body = msgspec.json.encode(envelope)
    return delivered(body, contract.owner)


@asynccontextmanager
async def replica(
    database: Database, clock: FakeClock, identity: Identity, **settings: str
) -> AsyncIterator[Merging]:
    """Put a replica together that knows identity's keys; nothing of it runs by itself."""
    environ = {
        "PORTICO_ENVIRONMENT": "development",
        "PORTICO_DATABASE_URL": database.url("merge"),
        "PORTICO_BROKER_URL": "amqp://merge@127.0.0.1:9/none",
        "PORTICO_KEY_ENCRYPTION_KEY": base64.b64encode(bytes(range(32))).decode(),
        "PORTICO_DIGEST_KEY": "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=",
        "PORTICO_ISSUER": ISSUER,
        "PORTICO_POOL_WAIT_SECONDS": "30",  # races are about rows, not about a busy machine
        "PORTICO_REQUEST_SECONDS": "60",
    } | settings
    service = assemble(PROGRAM, load(MergeSettings, environ), clock=clock)
    client = TestClient(TestServer(service.application))
    await client.start_server()
    made = Merging(service=service, client=client, identity=identity, clock=clock)
    try:
        await made.learn_keys()
        yield made
    finally:
        await client.close()
        await service.close()


async def sent_at_once(merging: Iterable[Merging], requests: Iterable[Request]) -> list[Answer]:
    """Send each request to its replica, all at the same moment."""
    return await asyncio.gather(
        *(replica.send(request) for replica, request in zip(merging, requests, strict=True))
    )
