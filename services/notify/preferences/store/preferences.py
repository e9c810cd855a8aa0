"""Preferences as rows: a way each, of an enrolment, for a topic or for all (NT-2)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from services.notify.preferences.model import (
    NOTHING_CHOSEN,
    AddressId,
    Enrolment,
    Means,
    Order,
    Preference,
    Reach,
    Way,
    offered,
)
from services.notify.projections.store.accounts import PatientRecord
from shared.contracts.ids import AccountId, PatientId, PracticeId
from shared.contracts.notify import Topic
from shared.db import Connection, Row

LEADS_TO = {"email": Means.EMAIL, "phone": Means.TEXT_MESSAGE}  # kinds of addresses
ANY = "any"  # of what has no rows of its own


async def of_account(
    connection: Connection, account_id: AccountId, *, texts: bool
) -> Sequence[Enrolment]:
    """List an account's enrolments, each with what is offered and chosen, by practice."""
    enrolments = await connection.fetch(
        """
        SELECT practice_id, patient_id, name, channels
        FROM patient_records JOIN practices ON practices.id = practice_id
        WHERE account_id = $1 AND state = 'enrolled'
        ORDER BY name, practice_id, patient_id
        """,
        account_id,
    )
    chosen = await _find(
        connection, [(row["practice_id"], row["patient_id"]) for row in enrolments]
    )
    return [
        Enrolment(
            practice_id=PracticeId(row["practice_id"]),
            practice_name=row["name"],
            patient_id=PatientId(row["patient_id"]),
            offers=offered(row["channels"], texts=texts),
            preference=chosen.get((row["practice_id"], row["patient_id"]), NOTHING_CHOSEN),
        )
        for row in enrolments
    ]


async def hold(
    tx: Connection, account_id: AccountId, patient_id: PatientId
) -> tuple[PracticeId, Sequence[str]] | None:
    """Hold an enrolment of the account until commit, and return its practice's channels; two who
    choose for it do so one after the other. None: it is not this account's.
    """
    row = await tx.fetchrow(
        """
        SELECT known.practice_id, practices.channels
        FROM patient_records AS known JOIN practices ON practices.id = known.practice_id
        WHERE known.account_id = $1 AND known.patient_id = $2 AND known.state = 'enrolled'
        FOR NO KEY UPDATE OF known
        """,
        account_id,
        patient_id,
    )
    if row is None:
        return None
    return PracticeId(row["practice_id"]), row["channels"]


async def of_record(
    connection: Connection, practice_id: PracticeId, patient_id: PatientId
) -> Preference:
    """Return what was chosen for one enrolment."""
    found = await _find(connection, [(practice_id, patient_id)])
    return found.get((practice_id, patient_id), NOTHING_CHOSEN)


async def hold_verified(
    tx: Connection, account_id: AccountId, named: Collection[Way]
) -> Collection[Way]:
    """Hold the addresses and numbers of these ways that are the account's and verified: none is
    removed before commit. Each is returned as the way that leads there.
    """
    rows = await tx.fetch(
        """
        SELECT id, kind FROM notification_addresses
        WHERE id = ANY ($2) AND account_id = $1 AND verified_at IS NOT NULL
        ORDER BY id
        FOR KEY SHARE
        """,
        account_id,
        [way.address_id for way in named],
    )
    return {Way(means=LEADS_TO[row["kind"]], address_id=AddressId(row["id"])) for row in rows}


async def replace(
    tx: Connection, practice_id: PracticeId, patient_id: PatientId, preference: Preference
) -> None:
    """Keep this in place of what was chosen before, for an enrolment that is held."""
    await tx.execute(
        "DELETE FROM notification_preferences WHERE practice_id = $1 AND patient_id = $2",
        practice_id,
        patient_id,
    )
    await tx.executemany(
        """
        INSERT INTO notification_preferences
            (practice_id, patient_id, topic, place, channel, address_id)
        VALUES ($1, $2, $3, $4, $5, $6)
        """,
        [
            (practice_id, patient_id, topic, place, way.means, way.address_id)
            for topic, order in _orders(preference)
            for place, way in enumerate(order, start=1)
        ],
    )


async def is_chosen(tx: Connection, address_id: AddressId) -> bool:
    """Whether a practice writes to this address, which is held."""
    chosen: bool = await tx.fetchval(
        "SELECT EXISTS (SELECT FROM notification_preferences WHERE address_id = $1)", address_id
    )
    return chosen


async def reaches(
    tx: Connection, accounts: Mapping[PatientRecord, AccountId]
) -> Mapping[PatientRecord, Reach]:
    """Return what was chosen for each of these records, with the addresses that may be written to:
    verified, and its account's or one's that was merged, which have not been taken over yet.
    """
    rows = await tx.fetch(
        """
        SELECT practice_id, patient_id, topic, channel, address_id, known.address
        FROM unnest((SELECT $1::uuid[]), $2::uuid[], $3::uuid[])
            AS asked (practice_id, patient_id, account_id)
        JOIN notification_preferences USING (practice_id, patient_id)
        LEFT JOIN LATERAL (
            SELECT address FROM notification_addresses
            WHERE id = address_id AND verified_at IS NOT NULL AND (
                notification_addresses.account_id = asked.account_id
                OR EXISTS (
                    SELECT FROM accounts
                    WHERE id = notification_addresses.account_id AND state = 'merged'
                )
            )
            LIMIT 1
        ) AS known ON true
        ORDER BY practice_id, patient_id, topic, place
        """,
        [practice_id for practice_id, _ in accounts],
        [patient_id for _, patient_id in accounts],
        list(accounts.values()),
    )
    return {
        record: Reach(
            preference=_preference(ways),
            addresses={
                AddressId(way["address_id"]): way["address"] for way in ways if way["address"]
            },
        )
        for record, ways in _by_record(rows).items()
    }


async def first_numbers(
    tx: Connection, account_ids: Collection[AccountId]
) -> Mapping[AccountId, tuple[AddressId, str]]:
    """Return where text messages to these accounts go that nobody chose a number for."""
    rows = await tx.fetch(
        """
        SELECT DISTINCT ON (account_id) account_id, id, address FROM notification_addresses
        WHERE account_id = ANY ($1) AND kind = 'phone' AND verified_at IS NOT NULL
        ORDER BY account_id, verified_at, id
        """,
        list(account_ids),
    )
    return {AccountId(row["account_id"]): (AddressId(row["id"]), row["address"]) for row in rows}


async def verified(
    tx: Connection, account_ids: Collection[AccountId]
) -> Mapping[AccountId, Sequence[tuple[Means, str]]]:
    """Return the verified addresses and numbers of these accounts, in the order they were added."""
    rows = await tx.fetch(
        """
        SELECT account_id, kind, address FROM notification_addresses
        WHERE account_id = ANY ($1) AND verified_at IS NOT NULL
        ORDER BY account_id, added_at, id
        """,
        list(account_ids),
    )
    found: dict[AccountId, list[tuple[Means, str]]] = defaultdict(list)
    for row in rows:
        found[AccountId(row["account_id"])].append((LEADS_TO[row["kind"]], row["address"]))
    return found


async def _find(
    connection: Connection, records: Sequence[PatientRecord]
) -> Mapping[PatientRecord, Preference]:
    rows = await connection.fetch(
        """
        SELECT practice_id, patient_id, topic, channel, address_id
        FROM unnest($1::uuid[], $2::uuid[]) AS asked (practice_id, patient_id)
        JOIN notification_preferences USING (practice_id, patient_id)
        ORDER BY practice_id, patient_id, topic, place
        """,
        [practice_id for practice_id, _ in records],
        [patient_id for _, patient_id in records],
    )
    return {record: _preference(ways) for record, ways in _by_record(rows).items()}


def _by_record(rows: Iterable[Row]) -> Mapping[PatientRecord, Sequence[Row]]:
    found: dict[PatientRecord, list[Row]] = defaultdict(list)
    for row in rows:
        found[row["practice_id"], row["patient_id"]].append(row)
    return found


def _preference(rows: Iterable[Row]) -> Preference:
    orders: dict[str, Order] = defaultdict(tuple)
    for row in rows:
        way = Way(means=Means(row["channel"]), address_id=row["address_id"])
        orders[row["topic"]] += (way,)
    default = orders.pop(ANY, ())
    return Preference(
        default=default, topics={Topic(topic): order for topic, order in orders.items()}
    )


def _orders(preference: Preference) -> Iterable[tuple[str, Order]]:
    return ((ANY, preference.default), *preference.topics.items())
