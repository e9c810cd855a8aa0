"""What is there before a row begins, written by SQL as the administrator: accounts and work."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import msgspec

from deploy.local.provision import connected
from services.notify.projections.store import accounts
from services.notify.tellings import contents
from services.recovery.practice_tokens.store.tokens import void_of_left
from services.recovery.projections.projections import Projections
from services.recovery.questions.store import questions
from shared.audit.chain import START, hash_of
from shared.audit.entries import COLUMNS
from shared.contracts.contract import Contract, E
from shared.contracts.identity import (
    ACCOUNT_CHANGED,
    AccountChanged,
    AccountLocked,
    EnrolmentState,
)
from shared.contracts.ids import PatientId, PracticeId
from shared.contracts.recovery import RESET_LINK_REQUESTED
from shared.contracts.sealed import Sealed, SealPurpose
from shared.settings.values import Secret, key_bytes
from shared.trust.hashing import PasswordHasher
from shared.trust.tokens import Digests
from tests.bench.site import Connection, Site
from tests.builders import events

PASSWORD = "Walnut-Harbour-7"
COST = 12
ASKS_NONE = '{"security_questions": false}'  # so that a log-on leads into a full session
PAGE = 20_000  # rows in memory at a time
CHAIN_COLUMNS = ("place", "entry_id", "entry_at", "entry_digest", "hash", "chained_at")
BENCH = "0d5c1a52-6a4e-4a0e-9a53-6e3c1f4b7a10"  # whom and which practice an audit row is about


def name_of(number: int) -> str:
    """The username of the n-th account."""
    return f"bench.person.{number}"


def mailbox_of(number: int) -> str:
    """Its verified account e-mail."""
    return f"person{number}@mail.example"


async def log_on_accounts(site: Site, numbers: range, *, cost: int = COST) -> Sequence[UUID]:
    """Accounts of identity's that can log on, all with one password, hashed once; each is enrolled
    at the one practice, as most are. Returns their ids.
    """
    environ = site.surroundings.of("identity")
    hasher = PasswordHasher(pepper=environ["PORTICO_PEPPER"].encode(), cost=cost, wait=60)
    hashed = await hasher.hash(PASSWORD)
    hasher.close()
    ids = [uuid4() for _ in numbers]
    now = datetime.now(UTC)
    await site.database.copy_records_to_table(
        "accounts",
        schema_name="identity",
        columns=(
            *("id", "state", "version", "security_version", "username", "password_hash"),
            *("history_salt", "locale", "time_zone", "created_at"),
        ),
        records=[
            (one, "active", 1, 1, name_of(number), hashed, hasher.new_salt(), "en", "UTC", now)
            for number, one in zip(numbers, ids, strict=True)
        ],
    )
    await site.database.copy_records_to_table(
        "log_on_names",
        schema_name="identity",
        columns=("name_key", "account_id", "kind", "created_at"),
        records=[
            (name_of(number), one, "username", now)
            for number, one in zip(numbers, ids, strict=True)
        ],
    )
    await enrolled(site, ids, now)
    return ids


async def enrolled(site: Site, ids: Sequence[UUID], now: datetime) -> None:
    """A practice, and a patient record of it for each of these accounts."""
    practice_id, records = uuid4(), [uuid4() for _ in ids]
    for table, columns, rows in (
        (
            "practices",
            ("id", "version", "name", "contact", "locale", "time_zone", "settings", "created_at"),
            [(practice_id, 1, "Elm Street", "+1 555 0100", "en", "UTC", ASKS_NONE, now)],
        ),
        (
            "patients",
            ("id", "practice_id", "version", "last_name", "first_name", "birth_date", "created_at"),
            [(one, practice_id, 2, "Hale", "June", now.date(), now) for one in records],
        ),
        (
            "enrolments",
            ("patient_id", "account_id", "state", "enrolled_at"),
            [(one, id_, "enrolled", now) for one, id_ in zip(records, ids, strict=True)],
        ),
    ):
        await site.database.copy_records_to_table(
            table, schema_name="identity", columns=columns, records=rows
        )


async def known_accounts(site: Site, count: int, **said: Any) -> range:
    """Return the numbers of new accounts, known to recovery and notify as by their snapshots.

    What is `said` of all of them is so instead of what `account` says.
    """
    numbers = range(site.known, site.known + count)
    site.known += count
    known = [
        events.received(account(number, **said), version=1, time=datetime.now(UTC))
        for number in numbers
    ]
    key = Secret(site.surroundings.of("recovery")["PORTICO_DIGEST_KEY"])
    recovery = Projections(
        digests=Digests(key_bytes(key)),
        drop_void_questions=questions.drop_void,
        void_tokens=void_of_left,
    )
    async with connected(site.surroundings.database.url("recovery")) as connection:
        await recovery.keep_account(connection, *known)
        await connection.execute("ANALYZE accounts")
    async with connected(site.surroundings.database.url("notify")) as connection:
        await accounts.keep(connection, *known)
        await connection.execute("ANALYZE accounts")
    return numbers


async def patients(site: Site, practice_id: PracticeId, numbers: range) -> Sequence[PatientId]:
    """Return a new patient record of the practice for each of these, known to notify alone."""
    found = [PatientId(uuid4()) for _ in numbers]
    async with connected(site.surroundings.database.url("notify")) as connection:
        await accounts.keep(
            connection,
            *(
                events.received(
                    events.account(
                        events.new_account(),
                        events.enrolment(practice_id, patient_id),
                        username=name_of(number),
                        email=mailbox_of(number),
                    ),
                    version=1,
                    time=datetime.now(UTC),
                )
                for patient_id, number in zip(found, numbers, strict=True)
            ),
        )
        await connection.execute("ANALYZE accounts; ANALYZE patient_records")
    return found


def account(
    number: int, *, enrolled: EnrolmentState = EnrolmentState.ENROLLED, **said: Any
) -> AccountChanged:
    """An active account with a verified account e-mail, enrolled at a practice of its own."""
    usual = {
        "username": name_of(number),
        "email": mailbox_of(number),
        "locale": "en-GB",
        "time_zone": "Europe/London",
    }
    return events.account(
        events.new_account(),
        events.enrolment(PracticeId(uuid4()), PatientId(uuid4()), enrolled),
        **{**usual, **said},
    )


async def deliveries(connection: Connection, count: int) -> None:
    """Queued account activity, one mail each; no link in it."""
    now = datetime.now(UTC)
    content = contents.PLAIN[AccountLocked](
        occurred_at=now, locked_until=now + timedelta(minutes=20)
    )
    await connection.copy_records_to_table(
        "deliveries",
        schema_name="notify",
        columns=(
            *("id", "event_id", "recipient_digest", "template", "class", "channel", "account_id"),
            *("address", "content", "locale", "time_zone", "occurred_at", "created_at", "due_at"),
            "state",
        ),
        records=[
            (
                *(uuid4(), uuid4(), bytes(32), contents.template_of(content), "account-activity"),
                *("email", uuid4(), mailbox_of(number), contents.write(content), "en", "UTC"),
                *(now, now, now, "queued"),
            )
            for number in range(count)
        ],
    )


async def submitted(
    connection: Connection, practice_id: PracticeId, to: Sequence[PatientId], count: int
) -> None:
    """So many communications of a practice that wait for the ledger, in pages."""
    for start in range(0, count, PAGE):
        now = datetime.now(UTC)
        await connection.copy_records_to_table(
            "communications",
            schema_name="notify",
            columns=(
                *("practice_id", "reference", "event_id", "patient_id", "topic", "submitted_at"),
                *("due_at", "correlation_id"),
            ),
            records=[
                (practice_id, uuid4().hex, uuid4(), to[number % len(to)], "message", now, now, None)
                for number in range(start, min(count, start + PAGE))
            ],
        )


async def audited(site: Site, service: str, places: int) -> None:
    """Lengthen a service's audit chain to so many places, in pages: they may be millions."""
    head = await site.database.fetchrow(
        f"SELECT place, hash, chained_at FROM {service}.audit_chain ORDER BY place DESC LIMIT 1"  # noqa: S608 - a name of ours
    )
    place, before = (head["place"], head["hash"]) if head else (0, START)
    begun = head["chained_at"] if head else datetime.now(UTC)
    while place < places:
        entries: list[tuple[Any, ...]] = []
        links: list[tuple[Any, ...]] = []
        for number in range(place + 1, min(places, place + PAGE) + 1):
            at = begun + timedelta(microseconds=len(entries) + 1)
            entry = audit_entry(number, at)
            digest = sha256(msgspec.json.encode(entry)).digest()
            before = hash_of(before, number, digest)
            entries.append(entry)
            links.append((number, entry[0], at, digest, before, at))
        place, begun = place + len(entries), begun + timedelta(microseconds=len(entries))
        for table, columns, rows in (
            ("audit_entries", COLUMNS.split(", "), entries),
            ("audit_chain", CHAIN_COLUMNS, links),
        ):
            await site.database.copy_records_to_table(
                table, schema_name=service, columns=columns, records=rows
            )
    await site.database.execute(f"ANALYZE {service}.audit_entries; ANALYZE {service}.audit_chain")


def audit_entry(number: int, at: datetime) -> tuple[Any, ...]:
    """One row as a staff verb leaves it, in the order of its columns."""
    return (
        *(uuid4(), at, f"staff:nurse-{number % 50}@{BENCH}", f"patient:{BENCH}", BENCH),
        *("198.51.100.7", "patient.correct", "done", "birth_date last_name"),
        *("she wrote in", uuid4(), None, f"client-{number % 50}", f"nurse-{number % 50}"),
    )


async def outgoing(connection: Connection, service: str, messages: Sequence["Message"]) -> None:
    """Rows of a service's outbox, all due in the same moment."""
    now = datetime.now(UTC)
    await connection.copy_records_to_table(
        "outbox",
        schema_name=service,
        columns=("event_id", "exchange", "routing_key", "body", "created_at", "available_at"),
        records=[
            (one.event_id, f"{service}.events", one.routing_key, one.body, now, now)
            for one in messages
        ],
    )


class Message(msgspec.Struct, frozen=True):
    """An event as it goes over the bus."""

    event_id: UUID
    routing_key: str
    body: bytes


def account_changed(version: int) -> Message:
    """A snapshot of an account of its own."""
    data = account(version)
    return message(ACCOUNT_CHANGED, data, subject=data.account_id, version=version)


def reset_link_requested() -> Message:
    """A reset link for an account of its own; its seal opens nothing."""
    account_id, now = events.new_account(), datetime.now(UTC)
    sealed = Sealed(
        kid=str(uuid4()),
        purpose=SealPurpose.RESET_LINK,
        recipient=mailbox_of(1),
        expires_at=now + timedelta(hours=1),
        ciphertext=bytes(range(91)),
    )
    data = events.link_requested(account_id, mailbox_of(1), sealed, at=now)
    return message(RESET_LINK_REQUESTED, data, subject=account_id)


def message(
    contract: Contract[E], data: E, *, subject: UUID, version: int | None = None
) -> Message:
    """Write the envelope as an outbox does."""
    made = events.new_event()
    body = events.body(
        contract, data, subject=subject, version=version, time=datetime.now(UTC), event_id=made
    )
    return Message(made, contract.routing_key, body)
