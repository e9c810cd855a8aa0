"""A steady load on notify, by both ways into it, each message promised once it is confirmed."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID, uuid4

import msgspec

from deploy.local.provision import admit_system, connected, expel_system
from deploy.local.settings import Surroundings
from services.notify.projections.store import accounts, practices
from shared.contracts import inbox
from shared.contracts.envelope import CONTENT_TYPE
from shared.contracts.identity import ACCOUNT_LOCKED
from shared.contracts.ids import EventId, PatientId, PracticeId
from shared.contracts.inbox import PracticeCommunication, System
from shared.contracts.notify import Topic
from shared.contracts.topology import exchange
from shared.messaging.broker import Broker, Publisher
from shared.messaging.messages import Outcome, Outgoing
from tests.builders import events

PRACTICES = 4
PATIENTS = 25  # of each
BEATS = 10  # a second


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """A practice's system on the bus, and the patients that it writes to."""

    system: System
    publisher: Publisher
    patients: Sequence[PatientId]


@dataclass(slots=True, kw_only=True)
class Load:
    """So many messages a second: account activity and practice communications in turns."""

    identity: Publisher
    speakers: Sequence[Speaker]
    locked: set[UUID] = field(default_factory=set)  # events that were confirmed
    submitted: set[tuple[UUID, str]] = field(default_factory=set)  # by practice and reference

    @property
    def promised(self) -> int:
        return len(self.locked) + len(self.submitted)

    async def run(self, rate: int) -> None:
        """Publish until cancelled."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            await self.beat(rate // BEATS)
            due += 1 / BEATS
            await asyncio.sleep(max(0.0, due - loop.time()))

    async def beat(self, count: int) -> None:
        """Publish so many. What is not confirmed is not promised: it may come all the same."""
        speaker = self.speakers[self.promised % len(self.speakers)]
        locks = [uuid4() for _ in range(count // 2)]
        letters = [uuid4().hex for _ in range(count - len(locks))]
        for publisher, messages, noted in (
            (self.identity, [lock(one) for one in locks], self._note_locks),
            (speaker.publisher, [letter(speaker, one) for one in letters], self._note_letters),
        ):
            outcomes = await publisher.publish(messages)
            noted(
                speaker,
                [
                    message.message_id
                    for message, outcome in zip(messages, outcomes, strict=True)
                    if outcome is Outcome.CONFIRMED
                ],
            )

    def _note_locks(self, _: Speaker, confirmed: Sequence[str]) -> None:
        self.locked.update(map(UUID, confirmed))

    def _note_letters(self, speaker: Speaker, confirmed: Sequence[str]) -> None:
        self.submitted.update((speaker.system.practice_id, one) for one in confirmed)


def lock(event_id: UUID) -> Outgoing:
    """An account is locked, which it is told at its address."""
    account_id, now = events.new_account(), datetime.now(UTC)
    return Outgoing(
        message_id=str(event_id),
        exchange=exchange("identity"),
        routing_key=ACCOUNT_LOCKED.routing_key,
        body=events.body(
            ACCOUNT_LOCKED,
            events.locked(account_id, f"{account_id}@mail.example", at=now),
            subject=account_id,
            time=now,
            event_id=EventId(event_id),
        ),
        content_type=CONTENT_TYPE,
    )


def letter(speaker: Speaker, reference: str) -> Outgoing:
    """A practice has something for one of its patients."""
    patient = speaker.patients[int(reference, 16) % len(speaker.patients)]
    said = PracticeCommunication(patient_id=patient, topic=Topic.MESSAGE, reference=reference)
    return Outgoing(
        message_id=reference,
        exchange=inbox.EXCHANGE,
        routing_key=speaker.system.routing_key,
        body=msgspec.json.encode(said),
        content_type=inbox.CONTENT_TYPE,
    )


@asynccontextmanager
async def loading(surroundings: Surroundings) -> AsyncIterator[Load]:
    """Hold practices that notify knows, and who publishes for them and for identity."""
    async with AsyncExitStack() as stack:
        identity = Broker(surroundings.broker.url("identity"), name="identity's part")
        stack.push_async_callback(identity.close)
        speakers = []
        for number in range(PRACTICES):
            system = System(practice_id=PracticeId(uuid4()), client_id=uuid4())
            url = await admit_system(surroundings.broker, system, f"race {uuid4()}")
            stack.push_async_callback(expel_system, surroundings.broker, system)
            broker = Broker(url, name=f"system {number}")
            stack.push_async_callback(broker.close)
            patients = await enrolled(surroundings, system.practice_id)
            speakers.append(Speaker(system=system, publisher=broker.publisher(), patients=patients))
        yield Load(identity=identity.publisher(), speakers=speakers)


async def enrolled(surroundings: Surroundings, practice_id: PracticeId) -> Sequence[PatientId]:
    """Let notify know the practice and who is enrolled there, as by their snapshots."""
    found = [PatientId(uuid4()) for _ in range(PATIENTS)]
    async with connected(surroundings.database.url("notify")) as connection:
        await practices.keep(connection, events.received(events.practice(practice_id), version=1))
        await accounts.keep(
            connection,
            *(
                events.received(
                    events.account(
                        events.new_account(),
                        events.enrolment(practice_id, patient_id),
                        email=f"{patient_id}@mail.example",
                    ),
                    version=1,
                )
                for patient_id in found
            ),
        )
    return found
