"""Two-step verification of accounts, as many as a door asks for, and sessions that wait for it
(MF-1, MF-3, MF-8).
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import urlsplit
from uuid import uuid4

import aiohttp
import msgspec

from deploy.local import ports
from services.identity.two_step.authenticator import Authenticator
from shared.contracts.ids import AccountId
from shared.randomness import Randomness
from shared.settings.values import Secret, key_bytes
from shared.trust.ciphers import Cipher, derive
from tests.bench.rows.people import JSON, answered
from tests.bench.seeds import PASSWORD, name_of
from tests.timing.accounts import DAY, Accounts, Made

AT_ONCE = 8  # log-ons


async def turn_on(accounts: Accounts, made: Made) -> None:
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
        columns=("account_id", "on_since", "app_sealed"),
        records=[
            (one, now, authenticator.sealed(authenticator.new_secret(), AccountId(one)))
            for one in made
        ],
    )


async def lock_codes(accounts: Accounts, made: Made) -> None:
    """Ten wrong codes have locked the second step of each."""
    await accounts.site.database.execute(
        "UPDATE identity.two_steps SET locked_until = $2 WHERE account_id = ANY ($1)",
        list(made),
        datetime.now(UTC) + DAY,
    )


async def give_passkeys(accounts: Accounts, made: Made) -> None:
    """Give each a passkey, which nobody holds."""
    now, randomness = datetime.now(UTC), Randomness()
    rp_id = urlsplit(accounts.site.surroundings.portal_url).hostname
    await accounts.site.database.copy_records_to_table(
        "passkeys",
        schema_name="identity",
        columns=(
            *("id", "account_id", "credential_id", "rp_id", "public_key", "name", "made_at"),
            *("counter", "synced", "backed_up"),
        ),
        records=[
            (uuid4(), one, randomness.bytes(32), rp_id, b"", "Phone", now, 0, True, True)
            for one in made
        ],
    )


async def waiting(accounts: Accounts, port: int, made: Made) -> Sequence[str]:
    """Log each on with the right password; the tokens of their sessions, good for five minutes."""
    url, turns = f"http://{ports.LOOPBACK}:{port}/sessions", asyncio.Semaphore(AT_ONCE)

    async def log_on(http: aiohttp.ClientSession, number: int) -> str:
        said = msgspec.json.encode({"name": name_of(number), "password": PASSWORD})
        async with turns:
            return str((await answered(http, url, said, JSON))["access_token"])

    async with aiohttp.ClientSession() as http:
        return await asyncio.gather(*(log_on(http, number) for number in made.values()))
