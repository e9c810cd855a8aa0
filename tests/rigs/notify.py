"""One replica of notify for a test: file events, let couriers go, look at the ledger."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from aiohttp.test_utils import TestClient, TestServer

from deploy.local.caught import Mail
from services.notify.__main__ import PROGRAM
from services.notify.communications.model import Communication
from services.notify.features import Features
from services.notify.ledger.held import HeldDeliveries
from services.notify.ledger.model import LedgerEntry
from services.notify.preferences.model import AddressId
from services.notify.projections.store import accounts, practices
from services.notify.sending.alarms import Cause
from services.notify.sending.channels import Mail as Written
from services.notify.sending.channels import MailChannel
from services.notify.sending.courier import Courier
from services.notify.settings import NotifySettings
from services.notify.tellings.model import MessageClass
from services.notify.tellings.routing import OF_OTHERS, holders
from shared.contracts.contract import Contract, Data
from shared.contracts.envelope import Received
from shared.contracts.identity import IDENTITY_KEYS_CHANGED, AccountsMerged, Activity
from shared.contracts.ids import AccountId, EventId, PracticeId
from shared.contracts.notify import NOTIFY_KEYS_CHANGED
from shared.contracts.sealed import Sealed, SealPurpose
from shared.db import Connection
from shared.messaging.subscriptions import Message, Reader, subscribe
from shared.program.program import Composition
from shared.trust.grants import Verb
from shared.trust.sealing import Opener, Sealer
from tests.builders import events
from tests.builders.communications import submitted
from tests.builders.people import Person
from tests.rigs.issuer import Issuer
from tests.rigs.mail_server import MailServer
from tests.rigs.replica import Replica, environment, put_together
from tests.support.clock import START, FakeClock
from tests.support.database import Database
from tests.support.trust import trusting

D = TypeVar("D", bound=Data)
Heard = Callable[[Connection, Received[D]], Awaitable[None]]
DAY = timedelta(hours=24)
NUMBER = "+12135550147"
EVERY_MAIL = 50  # rounds at most


def environ_of(database: Database, smtp_port: int, **changed: str) -> dict[str, str]:
    """The environment of one replica's process."""
    own = {"smtp_url": f"smtp://127.0.0.1:{smtp_port}", **changed}
    return environment("notify", database.url("notify"), **own)


async def a_round(courier: Courier[Any]) -> int:
    """Let a courier take what is due, and see it through; return how many were taken.

    Where this is cancelled its process ends.
    """
    try:
        taken = await courier.once()
        await courier.through()
    except asyncio.CancelledError:
        await courier.close()
        raise
    return taken


@dataclass(slots=True, kw_only=True, repr=False)
class Office(Replica[Features, NotifySettings]):
    """One replica of notify: tests call `once` themselves."""

    mail_server: MailServer

    @classmethod
    def opened(
        cls,
        database: Database,
        clock: FakeClock,
        mail_server: MailServer | None = None,
        **changed: str,
    ) -> "Office":
        """Put one together; without a mail server, nobody listens where it sends to."""
        server = mail_server or MailServer()
        service = put_together(PROGRAM, environ_of(database, server.port, **changed), clock)
        client = TestClient(TestServer(service.application))  # served once it is entered
        return cls(service=service, client=client, clock=clock, mail_server=server)

    @property
    def mails(self) -> list[Mail]:
        """What the mail server has taken."""
        return self.mail_server.mails

    @property
    def composition(self) -> Composition[Features]:
        return self.service.composition

    @property
    def activity(self) -> Courier[Written]:
        return self.features.sending.activity_courier

    @property
    def communications(self) -> Courier[Written]:
        return self.features.sending.communication_courier

    async def ledger_of(self, practice_id: PracticeId) -> Sequence[LedgerEntry]:
        """A practice's own view of the ledger, without HTTP in between."""
        by = self.plumbing.acts.of_the_service(self.clock.now())
        return await self.features.ledger.reading.of_practice(practice_id, by=by)

    async def make_keys(self) -> None:
        """Make the sealing key and hear of it, as those who seal do."""
        await self.own_keys.ensure()
        mine = "SELECT body FROM outbox WHERE routing_key = $1 ORDER BY id"
        for row in await self.rows(mine, NOTIFY_KEYS_CHANGED.routing_key):
            apply = self.plumbing.public_keys.apply
            await self.hear(NOTIFY_KEYS_CHANGED, apply, row["body"])

    async def hear(self, contract: Contract[D], handler: Heard[D], body: bytes) -> None:
        """Handle an event as the consumer would."""
        reader = Reader("any", [subscribe(contract, handler)])
        message = reader.read(body, publisher=contract.owner)
        assert isinstance(message, Message)
        async with self.plumbing.database.transaction() as tx:
            await message.handler(tx, message.event)

    @asynccontextmanager
    async def served(self, database: Database) -> AsyncIterator[Issuer]:
        """Serve its verbs; it has heard of the key of who signs their callers' tokens."""
        async with trusting(database, "identity", self.clock) as identity, self.client:
            await identity.own_keys.ensure()
            for body in await identity.published():
                await self.hear(IDENTITY_KEYS_CHANGED, self.plumbing.public_keys.apply, body)
            yield Issuer(trust=identity, clock=self.clock)

    async def file_submitted(self) -> None:
        """Take all that is submitted and due to the ledger."""
        while await self.features.ledger.waiting.once():
            pass

    async def checked(self, name: str) -> str | None:
        """What `check` says of this."""
        (checkup,) = [one for one in PROGRAM.checkups if one.name == name]
        return await checkup.run(self.plumbing)

    async def publish(self) -> None:
        """Let the relays publish everything."""
        for relay in self.service.messaging.relays:
            while await relay.once():
                pass

    async def consume(self) -> None:
        """Consume every queue until it is empty."""
        for intake in self.service.messaging.intakes:
            await intake.drain()

    async def forget_accounts(self) -> None:
        """As if no snapshot of an account had come."""
        await self.rows("DELETE FROM patient_records RETURNING patient_id")
        await self.rows("DELETE FROM accounts RETURNING id")

    async def close(self) -> None:
        await self.client.close()
        await self.service.close()

    # ---- what happens

    async def file(self, data: Activity, *, event_id: EventId | None = None) -> EventId:
        """Consume one account activity event, as one of an account that has arrived here."""
        if isinstance(data, OF_OTHERS):
            for account_id, addresses in holders(data):
                if account_id is not None:
                    email = next(iter(addresses), None)
                    await self.know(events.account(account_id, email=email), version=0)
        return await self.file_unknown(data, event_id=event_id)

    async def file_unknown(self, data: Activity, *, event_id: EventId | None = None) -> EventId:
        """Consume one, whether its account has arrived or not."""
        event: Received[Activity] = events.received(data, event_id=event_id)
        async with self.plumbing.database.transaction() as tx:
            await self.features.ledger.ledger.file_activity(tx, event)
        return event.id

    async def merge(self, data: AccountsMerged, *, event_id: EventId | None = None) -> EventId:
        """Consume identity's word that two accounts are one."""
        event = events.received(data, event_id=event_id)
        async with self.plumbing.database.transaction() as tx:
            await self.features.ledger.absorptions.apply(tx, event)
        return event.id

    async def file_communication(
        self,
        communication: Communication,
        *,
        event_id: EventId | None = None,
        attempts: int = 0,
    ) -> EventId:
        """File a practice communication after so many tries that failed. Raises why it is not."""
        waiting = submitted(
            communication, event_id=event_id, at=self.clock.now(), attempts=attempts
        )
        async with self.plumbing.database.transaction() as tx:
            unfiled = await self.features.ledger.ledger.file_communications(tx, [waiting])
        for one in unfiled:
            raise one.error
        return waiting.event_id

    async def know(self, account: Any, *, version: int = 1) -> None:
        """Consume an account's snapshot."""
        async with self.plumbing.database.transaction() as tx:
            await accounts.keep(tx, events.received(account, version=version))

    async def know_practice(self, practice: Any, *, version: int = 1) -> None:
        """Consume a practice's snapshot."""
        async with self.plumbing.database.transaction() as tx:
            await practices.keep(tx, events.received(practice, version=version))

    async def file_link(
        self,
        account_id: AccountId,
        *,
        secret: str = "s" * 43,
        address: str = events.ADDRESS,
        at: datetime = START,
        life: timedelta = timedelta(hours=1),
    ) -> EventId:
        """Consume a reset link's event, its secret sealed as recovery seals it."""
        event_id = events.new_event()
        sealed = await self.seal(
            secret, event_id, recipient=address, expires_at=self.clock.now() + life
        )
        return await self.file(
            events.link_requested(account_id, address, sealed, at=at), event_id=event_id
        )

    async def file_reminder(
        self, account_id: AccountId, *, username: str = "juniper.hale", life: timedelta = DAY
    ) -> EventId:
        """Consume a reminder's event, its username sealed as recovery seals it."""
        event_id = events.new_event()
        sealed = await self.seal(
            username,
            event_id,
            purpose=SealPurpose.USERNAME,
            expires_at=self.clock.now() + life,
        )
        return await self.file(
            events.sealed_reminder(account_id, sealed, events.ADDRESS), event_id=event_id
        )

    async def seal(
        self,
        secret: str,
        event_id: EventId,
        *,
        recipient: str = events.ADDRESS,
        purpose: SealPurpose = SealPurpose.RESET_LINK,
        expires_at: datetime = START + timedelta(hours=1),
    ) -> Sealed:
        sealer = Sealer(
            public_keys=self.plumbing.public_keys,
            clock=self.clock,
            issuer=self.plumbing.issuer,
        )
        async with self.plumbing.database.transaction() as tx:
            return (await sealer.within(tx)).seal(
                secret,
                event_id=event_id,
                purpose=purpose,
                recipient=recipient,
                expires_at=expires_at,
            )

    async def confirmed(self, issuer: Issuer, person: Person, **said: Any) -> str:
        """She has just given her password again, for an address (SE-3)."""
        audience = (self.plumbing.issuer,)
        return await issuer.reauthenticated(
            person, **{"verb": Verb.NOTIFICATION_ADDRESS, "audience": audience, **said}
        )

    async def add_address(
        self, issuer: Issuer, person: Person, address: str = "other@mail.example"
    ) -> tuple[AddressId, str]:
        """She adds an address by the verb; its id, and the token of the link as it was sealed."""
        await self.make_keys()
        mailed = "SELECT id, event_id, sealed::text FROM deliveries WHERE link_purpose = $1"
        purpose = SealPurpose.NOTIFICATION_ADDRESS
        before = {row["id"] for row in await self.rows(mailed, purpose)}
        answer = await self.call(
            "POST",
            "/notification-addresses",
            {"address": address, "reauthenticated": await self.confirmed(issuer, person)},
            token=await issuer.token(person),
        )
        assert answer.status == 202, answer.body
        [row] = [row for row in await self.rows(mailed, purpose) if row["id"] not in before]
        sealed = msgspec.json.decode(row["sealed"], type=Sealed)
        token = await Opener(own_keys=self.own_keys).open(sealed, event_id=row["event_id"])
        return AddressId(UUID(answer.body["address_id"])), token

    async def has_address(
        self, issuer: Issuer, person: Person, address: str = "other@mail.example"
    ) -> AddressId:
        """She adds one and opens its link."""
        address_id, link = await self.add_address(issuer, person, address)
        answer = await self.call(
            "POST",
            "/notification-addresses/verify",
            {"token": link},
            token=await issuer.token(person),
        )
        assert answer.status == 200, answer.body
        return address_id

    async def add_number(
        self, issuer: Issuer, person: Person, number: str = NUMBER
    ) -> tuple[AddressId, str]:
        """She adds a number by the verb; its id, and the code as it was sealed."""
        await self.make_keys()
        answer = await self.call(
            "POST",
            "/notification-numbers",
            {"number": number, "reauthenticated": await self.confirmed(issuer, person)},
            token=await issuer.token(person),
        )
        assert answer.status == 202, answer.body
        row = (
            await self.rows(
                "SELECT event_id, sealed::text FROM deliveries WHERE link_purpose = $1"
                " AND account_id = $2 AND address = $3"
                " ORDER BY created_at DESC, occurred_at DESC LIMIT 1",
                SealPurpose.NOTIFICATION_NUMBER,
                person.account_id,
                number,
            )
        )[0]
        sealed = msgspec.json.decode(row["sealed"], type=Sealed)
        code = await Opener(own_keys=self.own_keys).open(sealed, event_id=row["event_id"])
        return AddressId(UUID(answer.body["address_id"])), code

    async def has_number(self, issuer: Issuer, person: Person, number: str = NUMBER) -> AddressId:
        """She adds one and types its code."""
        address_id, code = await self.add_number(issuer, person, number)
        answer = await self.call(
            "POST",
            f"/notification-numbers/{address_id}/verify",
            {"code": code},
            token=await issuer.token(person),
        )
        assert answer.status == 204, answer.body
        return address_id

    async def resend(self) -> None:
        """Have everything that failed sent again, as an operator."""
        desk = HeldDeliveries(acts=self.plumbing.acts)
        failed = await desk.list_failed(limit=100)
        assert not await desk.resend([one.id for one in failed], by=self.plumbing.operator())

    async def send_all(self) -> int:
        """Let all couriers go until nothing is due."""
        couriers: tuple[Courier[Any], ...] = (
            self.activity,
            self.communications,
            *self.features.sending.text_couriers,
        )
        total = 0
        for _ in range(EVERY_MAIL):
            done = sum([await a_round(courier) for courier in couriers])
            if not done:
                return total
            total += done
        raise AssertionError("the couriers come to no end")

    def with_channel(
        self,
        channel: MailChannel,
        *,
        of: Courier[Written] | None = None,
        lease_seconds: float | None = None,
    ) -> Courier[Written]:
        """A courier of ours over another channel."""
        courier = of or self.activity
        claims = courier.claims
        if lease_seconds is not None:
            claims = replace(claims, lease=timedelta(seconds=lease_seconds))
        return replace(courier, channel=channel, claims=claims)

    # ---- what is there

    async def ledger(self) -> list[tuple[str, str | None]]:
        """Every delivery's state and reason, in the order of filing."""
        rows = await self.rows("SELECT state, reason FROM deliveries ORDER BY created_at, id")
        return [(row["state"], row["reason"]) for row in rows]

    def alarms(self, cause: Cause) -> float:
        """How often somebody was called for this, of both classes."""
        value = self.plumbing.metrics.value
        return sum(value("mail_alarms", message_class=each, cause=cause) for each in MessageClass)

    async def attempts(self) -> list[tuple[str, str, int | None]]:
        rows = await self.rows(
            "SELECT phase, outcome, smtp_code FROM attempts ORDER BY delivery_id, number"
        )
        return [(row["phase"], row["outcome"], row["smtp_code"]) for row in rows]
