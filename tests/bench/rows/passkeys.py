"""Log-on by passkey through one replica of identity, beside the library's bare check."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from uuid import uuid4

import aiohttp
import msgspec

from deploy.local import ports
from deploy.tour.authenticator import Authenticator, Key, b64
from tests.bench.ceilings import assertions
from tests.bench.figures import Line, Measured, Result, steady_rate
from tests.bench.load import Job
from tests.bench.processes import outcome_of
from tests.bench.rows.people import JSON, People, answered, answers_to
from tests.bench.site import Service, Site
from tests.bench.watch import costs

SECONDS = 3.0
ANSWERS = 1_500  # each to a ceremony of its own
CONNECTIONS = 16
AT_ONCE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    raw: float  # looks a second
    ours: float  # log-ons a second
    measured: Measured


async def measure(site: Site, rounds: int) -> Result:
    async with site.services("identity") as (identity,):
        await People.at(site, identity)
        phone = await an_authenticator(site)

        async def once() -> Round:
            job = assertions.Job(seconds=SECONDS)
            looked = await outcome_of("tests.bench.ceilings.assertions", job, assertions.Looked)
            load = Job(
                port=identity.http_port,
                path="/sessions/passkey",
                headers=JSON,
                bodies=await bodies(identity, phone),
                connections=CONNECTIONS,
            )
            watch = site.watch(identity)
            [answers] = await answers_to(load)
            measured = watch.measured(len(answers.ended))
            answers.must(201)
            return Round(
                raw=steady_rate(looked.ended), ours=steady_rate(answers.ended), measured=measured
            )

        done = await site.rounds(rounds, once)
    return Result(
        row="passkeys",
        lines=(
            Line(
                what="log-on by passkey",
                unit="a second",
                ours=tuple(one.ours for one in done),
                ceiling=tuple(one.raw for one in done),
                ceiling_is="webauthn's check of one answer, one thread",
            ),
        ),
        notes=(
            f"log-on by passkey: {ANSWERS} answers over {CONNECTIONS} connections, each to a "
            "ceremony of its own; the ceiling reads no row and opens no session",
            costs("log-on by passkey", "log-on", [one.measured for one in done]),
        ),
    )


async def an_authenticator(site: Site) -> Authenticator:
    """One with a passkey of each account, known to identity."""
    environ = site.surroundings.of("identity")
    phone = Authenticator(
        origin=environ["PORTICO_PASSKEY_ORIGINS"], rp_id=environ["PORTICO_PASSKEY_RP_ID"]
    )
    phone.make({"challenge": b64(bytes(32)), "user": {"id": b64(bytes(64))}})
    private = phone.keys.pop().private
    accounts = await site.database.fetch("SELECT id FROM identity.accounts")
    now = datetime.now(UTC)
    rows = []
    for account in accounts:
        key = Key(
            id=account["id"].bytes,
            private=private,
            user_handle=sha256(account["id"].bytes).digest() * 2,
        )
        phone.keys.append(key)
        rows.append((uuid4(), account["id"], key.id, phone.rp_id, phone.public(private), now))
        await site.database.execute(
            "UPDATE identity.accounts SET user_handle = $2 WHERE id = $1",
            account["id"],
            key.user_handle,
        )
    await site.database.execute("DELETE FROM identity.passkeys")
    await site.database.executemany(
        "INSERT INTO identity.passkeys (id, account_id, credential_id, rp_id, public_key, name,"
        " made_at, counter, synced, backed_up)"
        " VALUES ($1, $2, $3, $4, $5, 'Phone', $6, 0, true, true)",
        rows,
    )
    return phone


async def bodies(identity: Service, phone: Authenticator) -> tuple[str, ...]:
    """Answers to as many ceremonies, begun now, by every passkey in turn."""
    url = f"http://{ports.LOOPBACK}:{identity.http_port}/sessions/passkey/options"
    made: list[str] = []
    async with aiohttp.ClientSession() as http:
        while len(made) < ANSWERS:
            asked = await asyncio.gather(*(answered(http, url, b"", {}) for _ in range(AT_ONCE)))
            for each in asked:
                key = phone.keys[len(made) % len(phone.keys)]
                body = {
                    "ceremony": each["ceremony"],
                    "credential": phone.answer(each["options"], key),
                }
                made.append(msgspec.json.encode(body).decode())
    return tuple(made)
