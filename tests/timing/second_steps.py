"""Accounts with two-step on, as many as a door asks for (MF-1, MF-3)."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from services.identity.two_step.authenticator import Authenticator
from shared.contracts.ids import AccountId
from shared.randomness import Randomness
from shared.settings.values import Secret, key_bytes
from shared.trust.ciphers import Cipher, derive
from tests.bench.seeds import name_of
from tests.timing.accounts import Accounts

DAY = timedelta(days=1)


async def two_steppers(accounts: Accounts, count: int) -> Sequence[str]:
    """Names of those who have an app."""
    return await _with_app(accounts, count, locked_until=None)


async def locked_two_steppers(accounts: Accounts, count: int) -> Sequence[str]:
    """The same, whose second step ten wrong codes have locked."""
    return await _with_app(accounts, count, locked_until=datetime.now(UTC) + DAY)


async def _with_app(
    accounts: Accounts, count: int, *, locked_until: datetime | None
) -> Sequence[str]:
    made = await accounts.made(count)
    await turn_on(accounts, list(made), locked_until=locked_until)
    return [name_of(number) for number in made.values()]


async def turn_on(
    accounts: Accounts, ids: Sequence[UUID], *, locked_until: datetime | None = None
) -> None:
    """Give each an app."""
    now, randomness = datetime.now(UTC), Randomness()
    kek = key_bytes(Secret(accounts.site.surroundings.of("identity")["PORTICO_KEY_ENCRYPTION_KEY"]))
    authenticator = Authenticator(
        randomness=randomness,
        cipher=Cipher(derive(kek, "authenticator apps"), randomness),
        portal_name="",
    )
    await accounts.site.database.copy_records_to_table(
        "two_steps",
        schema_name="identity",
        columns=("account_id", "on_since", "app_sealed", "locked_until"),
        records=[
            (
                one,
                now,
                authenticator.sealed(authenticator.new_secret(), AccountId(one)),
                locked_until,
            )
            for one in ids
        ],
    )
