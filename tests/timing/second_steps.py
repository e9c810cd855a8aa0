"""Two-step verification of accounts, as many as a door asks for, and sessions that wait for it
(MF-1, MF-3, MF-8).
"""

import asyncio
from collections.abc import Mapping, Sequence
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
from tests.timing.accounts import (
    COST,
    DAY,
    SHUT,
    VERIFIED,
    Accounts,
    Made,
    Names,
    State,
    by_username,
)

AT_ONCE = 8  # log-ons
APP_CODE, RECOVERY_CODE = "123456", "AAAA-AAAA-AAAA-AAAA"
GUESSES: Mapping[str, str] = {"an app's code": APP_CODE, "a recovery code": RECOVERY_CODE}
"""By their form: of the second a slow hash is made, whoever's it may be."""


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


async def give_codes(accounts: Accounts, made: Made) -> None:
    """Give each a set of recovery codes of which none is left: its salt is there."""
    await accounts.site.database.execute(
        """
        UPDATE identity.two_steps AS t
        SET codes_salt = $2, codes_pepper = split_part(a.password_hash, '$', 4)
        FROM identity.accounts AS a
        WHERE a.id = t.account_id AND t.account_id = ANY ($1)
        """,
        list(made),
        f"$2b${COST:02}${'.' * 22}".encode(),
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


TWO_STEP: Sequence[State] = (*VERIFIED, turn_on, give_codes)
GUESSED_AT: Mapping[str, Names] = {
    "known as well": by_username(*VERIFIED),  # what the lab itself adds
    "unknown": Accounts.nobodys,
    "two-step on": by_username(*TWO_STEP),
}
"""Whom a guess of a recovery code beside a wrong password is held against somebody known by."""
REFUSED: Mapping[str, Names] = {
    "known as well": by_username(*TWO_STEP),  # likewise
    "locked": by_username(*TWO_STEP, lock_codes),
}
"""Whose right password stands beside a code that is not taken."""
SHUT_TWICE: Mapping[str, Names] = {
    **SHUT,
    "two-step on and locked": by_username(*TWO_STEP, Accounts.lock),
    "two-step on and both locked": by_username(*TWO_STEP, lock_codes, Accounts.lock),
    "two-step on and frozen": by_username(*TWO_STEP, Accounts.freeze),
}
"""Whose right password opens nothing, where a code is typed beside it."""


async def waiting(accounts: Accounts, port: int, made: Made) -> Sequence[str]:
    """Log each on with the right password; the tokens of their sessions, good for five minutes."""
    url, turns = f"http://{ports.LOOPBACK}:{port}/sessions", asyncio.Semaphore(AT_ONCE)

    async def log_on(http: aiohttp.ClientSession, number: int) -> str:
        said = msgspec.json.encode({"name": name_of(number), "password": PASSWORD})
        async with turns:
            return str((await answered(http, url, said, JSON))["access_token"])

    async with aiohttp.ClientSession() as http:
        return await asyncio.gather(*(log_on(http, number) for number in made.values()))
