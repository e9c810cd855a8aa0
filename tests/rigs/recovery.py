"""Recovery in process on a real database; identity's facts and notify's key are told by hand."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from services.recovery.__main__ import PROGRAM
from services.recovery.consumers import ACCOUNTS, KEYS
from services.recovery.features import Features
from services.recovery.projections.projections import Projections
from services.recovery.projections.store import persons, practices
from services.recovery.settings import RecoverySettings
from shared.acts import By
from shared.audit.entries import Origin
from shared.contracts.contract import E
from shared.contracts.envelope import Envelope, Received
from shared.contracts.identity import (
    AccountChanged,
    AccountsMerged,
    PersonChanged,
    PracticeChanged,
)
from shared.contracts.ids import AccountId, EventId, MergeId, PatientId, PracticeId
from shared.contracts.keys import KeyPurpose, KeysChanged, PublicKey
from shared.contracts.merge import MergeApplied
from shared.contracts.notify import NotificationAddressesChanged
from shared.contracts.recovery import (
    RECOVERY_MERGE_APPLIED,
    RESET_LINK_REQUESTED,
    USERNAME_MAILED_ELSEWHERE,
    USERNAME_REMINDER_REQUESTED,
    ResetLinkRequested,
    UsernameMailedElsewhere,
    UsernameReminderRequested,
)
from shared.contracts.sealed import Sealed
from shared.db import Connection
from shared.randomness import Randomness
from shared.trust import ciphers
from shared.trust.ciphers import KeyPair
from shared.trust.sealing import binding
from tests.builders import events
from tests.builders.questions import FIVE, answered, chosen, codes
from tests.rigs.replica import Answer, Replica, environment, put_together, served
from tests.support.clock import FakeClock
from tests.support.database import Database
from tests.support.deliveries import delivered
from tests.support.statements import noted
from tests.support.trust import Trust

RANDOM = Randomness()
ISSUER = "https://portico.example"
USERNAME = "juniper.hale"
EMAIL = "juniper.hale@mail.example"
HOME_PHONE, ADDRESS = "(213) 555-0142", "12 Elm Street, Springfield, IL 62704"


def an_account(
    *, account_id: AccountId | None = None, practices: Sequence[PracticeId] = (), **said: Any
) -> AccountChanged:
    """An active account with a verified e-mail, unless said otherwise."""
    enrolled = (events.enrolment(practice, PatientId(RANDOM.uuid())) for practice in practices)
    usual = {"username": USERNAME, "email": EMAIL, "time_zone": "America/New_York"}
    return events.account(account_id or events.new_account(), *enrolled, **{**usual, **said})


def a_practice(*, minutes: int, practice_id: PracticeId | None = None) -> PracticeChanged:
    return events.practice(practice_id or PracticeId(RANDOM.uuid()), reset_link_minutes=minutes)


def a_merge(absorbed_id: AccountId, *, into: AccountId) -> AccountsMerged:
    """Identity's word that one account became the other."""
    return events.merged(into, absorbed_id, EMAIL)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkMail:
    """What notify would get, and the token it would open."""

    event_id: EventId
    correlation_id: UUID | None
    data: ResetLinkRequested
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderMail:
    """What notify would get, and the username it would open."""

    data: UsernameReminderRequested
    username: str


def somebody() -> Origin:
    """Who has not logged on, asking for the first time."""
    return Origin(actor="anonymous", source="192.0.2.1", correlation_id=RANDOM.uuid())


@dataclass(slots=True, kw_only=True, repr=False)
class Recovery(Replica[Features, RecoverySettings]):
    """One replica of recovery."""

    notify_key: KeyPair
    told: dict[UUID, int] = field(default_factory=dict)

    @property
    def projections(self) -> Projections:
        """What keeps others' snapshots."""
        return self.features.projections.projections

    def hears(self, yes: bool = True) -> None:
        """Whether this replica's consumer is connected, from now on."""
        self.plumbing.feeds.note(ACCOUNTS, self.clock.now() if yes else None)

    async def knows(self, account: AccountChanged, *, version: int | None = None) -> AccountId:
        """Let identity's snapshot arrive, newer than the one before unless said otherwise."""
        version = version or self.told.get(account.account_id, 0) + 1
        self.told[account.account_id] = max(version, self.told.get(account.account_id, 0))
        await self.hear(self.projections.keep_account, account, version=version)
        return account.account_id

    async def knows_practice(self, practice: PracticeChanged, *, version: int = 1) -> PracticeId:
        await self.hear(practices.keep, practice, version=version)
        return practice.practice_id

    async def knows_record_of(self, account_id: AccountId | None, **said: Any) -> PersonChanged:
        """Let a practice's record arrive, with phone and address unless said otherwise."""
        usual = {"home_phone": HOME_PHONE, "address": ADDRESS}
        record = events.person(
            PracticeId(RANDOM.uuid()), PatientId(RANDOM.uuid()), account_id, **{**usual, **said}
        )
        await self.hear(persons.keep, record, version=1)
        return record

    async def knows_addresses_of(
        self, account_id: AccountId, *addresses: str, version: int = 1
    ) -> None:
        """Let notify's snapshot of an account's verified addresses arrive."""
        told = NotificationAddressesChanged(account_id=account_id, addresses=addresses)
        handler = self.projections.keep_notification_addresses
        await self.hear(handler, told, version=version, publisher="notify")

    async def knows_person(self, person: PersonChanged, *, version: int = 1) -> PatientId:
        await self.hear(persons.keep, person, version=version)
        return person.patient_id

    async def knows_notifys_key(self) -> None:
        """Let notify's sealing key arrive."""
        key = PublicKey(
            kid="notify-1",
            purpose=KeyPurpose.SEALING,
            raw=self.notify_key.public,
            usable_from=self.clock.now(),
            usable_until=None,
        )
        keys = KeysChanged(issuer=f"{ISSUER}/notify", keys=(key,))
        await self.hear(self.plumbing.public_keys.apply, keys, version=1, publisher="notify")

    async def learns_keys(self, trust: Trust) -> None:
        """Let another service's signing keys arrive."""
        bodies = await trust.published()
        deliveries = [delivered(body, tag=tag) for tag, body in enumerate(bodies)]
        await self.take_in(KEYS, *deliveries)

    async def sets(
        self, token: str, answers: Mapping[str, str] = FIVE, *, reauthenticated: str | None = None
    ) -> Answer:
        """Set five questions over HTTP."""
        body: dict[str, Any] = {"questions": chosen(answers)}
        if reauthenticated is not None:
            body["reauthenticated"] = reauthenticated
        return await self.call("PUT", "/security-questions", body, token=token)

    async def asked(self, name: str = USERNAME) -> list[str]:
        """Which two are asked for a name, over HTTP."""
        reply = await self.call("POST", "/resets/questions", {"name": name})
        assert reply.status == 200, reply.body
        return codes(reply.body)

    async def answers(
        self,
        name: str = USERNAME,
        answers: Mapping[str, str] = FIVE,
        *,
        asked: Sequence[str] = (),
        key: str | None = None,
    ) -> Answer:
        """Answer the two that are asked, or were."""
        said = answered(asked or await self.asked(name), answers)
        headers = {"Idempotency-Key": key} if key else {}
        return await self.call(
            "POST", "/resets/questions/answers", {"name": name, "answers": said}, headers=headers
        )

    async def password_was_reset(self, account_id: AccountId, link_id: str) -> None:
        """Let identity's password-reset arrive."""
        reset = events.password_reset(account_id, EMAIL, at=self.clock.now(), proof_id=link_id)
        await self.hear(self.features.grants.proofs.tidy_up, reset)

    async def hear(
        self,
        handler: Callable[[Connection, Received[E]], Awaitable[None]],
        data: E,
        *,
        version: int = 0,
        publisher: str = "identity",
    ) -> Received[E]:
        """Let an event arrive, in a message of its own each time."""
        event = events.received(data, version=version, time=self.clock.now(), publisher=publisher)
        async with self.plumbing.database.transaction() as tx:
            await handler(tx, event)
        return event

    async def merged(self, merge: AccountsMerged) -> Received[AccountsMerged]:
        """Let identity's accounts-merged arrive."""
        return await self.hear(self.features.merging.absorptions.apply, merge)

    async def refusals(self, answer: Answer) -> list[dict[str, str]]:
        """What the audit has of a request that was refused: each column that says anything."""
        rows = await self.rows(
            "SELECT actor, subject, practice, source, action, outcome, detail, reason, client,"
            " staff FROM audit_entries WHERE correlation_id = $1",
            UUID(answer.body["correlation_id"]),
        )
        return [{name: said for name, said in row.items() if said is not None} for row in rows]

    def by(self) -> By:
        """Who asks, another one each time."""
        return By(origin=somebody(), now=self.clock.now())

    async def ask(self, name: str = USERNAME) -> None:
        """Ask for a link without HTTP in between."""
        await self.features.links.waiting.requests.accept(name, by=self.by())

    async def ask_username(
        self, email: str = EMAIL, last_name: str | None = None, born: str | None = None
    ) -> None:
        """Ask for a username without HTTP in between."""
        await self.features.usernames.requests.accept(
            email, last_name=last_name, born=born, by=self.by()
        )

    async def tick(self) -> int:
        """One round of the loop that mails links."""
        return await self.features.links.waiting.rounds.once()

    async def tick_reminders(self) -> int:
        """One round of the loop that mails usernames."""
        return await self.features.usernames.waiting.rounds.once()

    async def asks_and_is_mailed(self, name: str = USERNAME) -> LinkMail:
        """Ask, let the loop tick, and return the one mail that came of it."""
        before = len(await self.mails())
        await self.ask(name)
        await self.tick()
        mails = await self.mails()
        assert len(mails) == before + 1
        return mails[-1]

    async def mails(self) -> list[LinkMail]:
        """The links in the outbox, opened as notify would, oldest first."""
        return [self._opened(each) for each in await self.envelopes(RESET_LINK_REQUESTED)]

    async def reminders(self) -> list[ReminderMail]:
        """The usernames in the outbox, opened as notify would, oldest first."""
        return [
            self._reminder(envelope)
            for envelope in await self.envelopes(USERNAME_REMINDER_REQUESTED)
        ]

    async def told_elsewhere(self) -> list[UsernameMailedElsewhere]:
        """What account e-mails would be told, oldest first."""
        return [
            msgspec.json.decode(envelope.data, type=UsernameMailedElsewhere)
            for envelope in await self.envelopes(USERNAME_MAILED_ELSEWHERE)
        ]

    async def applied(self) -> list[MergeId]:
        """The merges that recovery has said it applied, oldest first."""
        return [
            msgspec.json.decode(envelope.data, type=MergeApplied).merge_id
            for envelope in await self.envelopes(RECOVERY_MERGE_APPLIED)
        ]

    def _opened(self, envelope: Envelope) -> LinkMail:
        data = msgspec.json.decode(envelope.data, type=ResetLinkRequested)
        return LinkMail(
            event_id=envelope.id,
            correlation_id=envelope.correlationid,
            data=data,
            token=self._open(data.link, envelope.id),
        )

    def _reminder(self, envelope: Envelope) -> ReminderMail:
        data = msgspec.json.decode(envelope.data, type=UsernameReminderRequested)
        return ReminderMail(data=data, username=self._open(data.username, envelope.id))

    def _open(self, sealed: Sealed, event_id: EventId) -> str:
        info = binding(
            event_id=event_id,
            purpose=sealed.purpose,
            recipient=sealed.recipient,
            expires_at=sealed.expires_at,
        )
        return ciphers.hpke_open(
            sealed.ciphertext, key=ciphers.opening_key(self.notify_key.private), info=info
        ).decode()


async def statements(recovery: Recovery, round_: Callable[[], Awaitable[int]]) -> list[str]:
    """What one round sends to the database, in order."""
    with noted(recovery.plumbing.database) as sent:
        await round_()
    return sent


@asynccontextmanager
async def replica(
    database: Database, clock: FakeClock | None, notify_key: KeyPair, **settings: str
) -> AsyncIterator[Recovery]:
    """Put a replica together; nothing of it runs by itself. It hears of accounts since long ago.

    Without a clock it goes by the real time.
    """
    service = put_together(
        PROGRAM, environment("recovery", database.url("recovery"), **settings), clock
    )
    service.plumbing.feeds.note(ACCOUNTS, datetime(2001, 1, 1, tzinfo=UTC))
    async with served(service) as client:
        yield Recovery(
            service=service, client=client, clock=clock or FakeClock(), notify_key=notify_key
        )


def a_sealing_key() -> KeyPair:
    """Notify's, with the private half that only notify has."""
    return ciphers.sealing_pair(RANDOM)
