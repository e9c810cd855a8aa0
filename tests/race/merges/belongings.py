"""What each account has before its merges, and who has it afterwards: nothing is lost (MG-5)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from deploy.client.eventually import eventually
from tests.race.merges.racer import Racer

SHOWN_WITHIN = 40.0
OF_NOTIFY = ("deliveries", "notices")


@dataclass(frozen=True, slots=True, kw_only=True)
class Belongings:
    """Of one account: ids of rows, by their table."""

    who: Racer
    rows: Mapping[str, frozenset[UUID]]

    @classmethod
    async def of(cls, who: Racer, database: Any) -> "Belongings":
        """As they are now."""
        rows = {}
        for table in OF_NOTIFY:
            found = await database.fetch(
                f"SELECT id FROM notify.{table} WHERE account_id = $1",  # noqa: S608
                who.id,
            )
            rows[table] = frozenset(row["id"] for row in found)
        if who.mailbox:
            assert all(rows.values()), f"there is nothing to be lost: {rows}"
        return cls(who=who, rows=rows)

    async def are_with(self, account_id: UUID, database: Any) -> None:
        """Raise AssertionError unless each of them is this account's."""
        for table, ids in self.rows.items():
            found = await database.fetch(
                f"""
                SELECT r.id FROM notify.{table} AS r
                LEFT JOIN notify.merged_accounts AS m ON m.absorbed_id = r.account_id
                WHERE r.id = ANY ($1) AND coalesce(m.survivor_id, r.account_id) = $2
                """,  # noqa: S608
                list(ids),
                account_id,
            )
            lost = ids - {row["id"] for row in found}
            assert not lost, f"{table} of {self.who.id} are not with {account_id}: {lost}"
        patient = self.who.person.patient_id
        owner = await database.fetchval(
            "SELECT account_id FROM identity.enrolments WHERE patient_id = $1", patient
        )
        assert owner == account_id, f"record {patient} is with {owner}, not {account_id}"
        chosen = await database.fetch(
            "SELECT channel FROM notify.notification_preferences"
            " WHERE patient_id = $1 AND topic = 'any' ORDER BY place",
            patient,
        )
        wanted = self.who.channels if self.who.mailbox else []
        assert [{"channel": row["channel"]} for row in chosen] == wanted, f"preference: {chosen}"


async def are_shown(survivor: Racer, access: str, all_of: Sequence[Belongings]) -> None:
    """Raise AssertionError unless the survivor reads there what all of them had."""

    async def there() -> None:
        account = (await survivor.must("read_account", 200, token=access)).body
        states = {one["patient_id"]: one["state"] for one in account["practices"]}
        deliveries = await ids(survivor, "list_deliveries", "deliveries", access)
        notices = await ids(survivor, "list_notices", "notices", access)
        listed = await survivor.must("list_notification_preferences", 200, token=access)
        ways = {
            one["patient_id"]: [{"channel": way["channel"]} for way in one["default"]]
            for one in listed.body["enrolments"]
        }
        for one in all_of:
            patient = str(one.who.person.patient_id)
            assert patient in states, f"a practice of {one.who.id} is lost"
            for what, found in (("deliveries", deliveries), ("notices", notices)):
                lost = {str(each) for each in one.rows[what]} - found
                assert not lost, f"{what} of {one.who.id} are lost: {lost}"
            if states[patient] == "enrolled" and one.who.mailbox:
                assert ways.get(patient) == one.who.channels, f"preferences of {one.who.id}: {ways}"

    await eventually(there, within=SHOWN_WITHIN, pause=0.3)


async def ids(survivor: Racer, verb: str, field: str, access: str) -> set[str]:
    found = await survivor.must(verb, 200, token=access)
    return {each["id"] for each in found.body[field]}
