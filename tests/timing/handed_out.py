"""Enrolment tokens by the thousand, each of one class (EN-1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from deploy.local.provision import connected
from services.identity.enrolment.model import ENROLMENT_TOKEN
from services.identity.log_on.store import terms
from shared import one_time
from shared.one_time import Mint
from shared.randomness import Randomness
from tests.timing.accounts import Accounts

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

    async def live(self, count: int) -> Sequence[str]:
        """Tokens that are good."""
        site, now, records = self.accounts.site, datetime.now(UTC), [uuid4() for _ in range(count)]
        await site.database.copy_records_to_table(
            "patients",
            schema_name="identity",
            columns=(
                *("id", "practice_id", "version", "last_name", "first_name", "birth_date"),
                "created_at",
            ),
            records=[(one, self.practice_id, 1, LAST_NAME, "June", BORN, now) for one in records],
        )
        mint = Mint(randomness=Randomness(), digests=self.accounts.digests, sealer=UNSEALED)
        made = [
            mint.make(ENROLMENT_TOKEN, one, life=LIFE, now=now, sent_to="in-person")
            for one in records
        ]
        async with connected(site.surroundings.database.url("identity")) as connection:
            await one_time.issue(connection, ENROLMENT_TOKEN, [one.secret for one in made], now=now)
        return [one.text for one in made]

    async def ended(self, count: int, *, state: str) -> Sequence[str]:
        """Tokens that were used, superseded or made void."""
        texts = await self.live(count)
        digests = [ENROLMENT_TOKEN.digest(self.accounts.digests, text) for text in texts]
        await self.accounts.site.database.execute(
            "UPDATE identity.one_time_secrets SET state = $2, ended_at = $3"
            " WHERE digest = ANY ($1)",
            digests,
            state,
            datetime.now(UTC),
        )
        return texts

    async def expired(self, count: int) -> Sequence[str]:
        """Tokens whose time is over."""
        texts = await self.live(count)
        digests = [ENROLMENT_TOKEN.digest(self.accounts.digests, text) for text in texts]
        await self.accounts.site.database.execute(
            "UPDATE identity.one_time_secrets SET expires_at = issued_at + interval '1 ms'"
            " WHERE digest = ANY ($1)",
            digests,
        )
        return texts

    async def nobodys(self, count: int) -> Sequence[str]:
        """What looks like one and is none."""
        randomness = Randomness()
        symbols = [randomness.crockford(16) for _ in range(count)]
        return ["-".join(text[at : at + 4] for at in range(0, 16, 4)) for text in symbols]


UNSEALED: Any = None  # what is typed goes into no mail
