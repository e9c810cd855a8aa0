"""Enrolment tokens by the thousand, each of one class (EN-1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

from deploy.local.provision import connected
from services.identity.enrolment.model import ENROLMENT_TOKEN
from services.identity.log_on.store import terms
from tests.timing.accounts import Accounts
from tests.timing.secrets import Secrets

LIFE = timedelta(hours=72)
BORN = date(1984, 5, 3)
LAST_NAME = "Hale"
TERMS = "2026-01"


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOut:
    """Makes tokens of a practice for records of its own."""

    accounts: Accounts
    practice_id: UUID

    @classmethod
    async def at(cls, accounts: Accounts) -> "HandedOut":
        """Make the practice, and publish the terms to be agreed to."""
        practice_id, now = uuid4(), datetime.now(UTC)
        site = accounts.site
        await site.database.copy_records_to_table(
            "practices",
            schema_name="identity",
            columns=(
                *("id", "version", "name", "contact", "locale", "time_zone", "settings"),
                "created_at",
            ),
            records=[(practice_id, 1, "Elm Street", "+1 555 0100", "en", "UTC", "{}", now)],
        )
        async with connected(site.surroundings.database.url("identity")) as connection:
            await terms.publish(connection, TERMS, {"en": "Be kind.", "es": "Sé."}, now=now)
        return cls(accounts=accounts, practice_id=practice_id)

    @property
    def tokens(self) -> Secrets:
        """Tokens for new records."""
        return Secrets(
            accounts=self.accounts,
            purpose=ENROLMENT_TOKEN,
            life=LIFE,
            owners=self.records,
            sent_to="in-person",
        )

    async def records(self, count: int) -> Sequence[UUID]:
        """Records of patients whom nobody has enrolled."""
        now, records = datetime.now(UTC), [uuid4() for _ in range(count)]
        await self.accounts.site.database.copy_records_to_table(
            "patients",
            schema_name="identity",
            columns=(
                *("id", "practice_id", "version", "last_name", "first_name", "birth_date"),
                "created_at",
            ),
            records=[(one, self.practice_id, 1, LAST_NAME, "June", BORN, now) for one in records],
        )
        return records
