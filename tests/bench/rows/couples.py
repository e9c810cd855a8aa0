"""Pairs of accounts of one person each, proven to be hers, and ready to be merged."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import msgspec

from deploy.local import ports
from deploy.local.provision import connected
from services.notify.projections.store import accounts, practices
from shared.contracts.ids import AccountId, PatientId, PracticeId
from tests.bench.figures import NotMeasured
from tests.bench.load import FIRST_SOURCE
from tests.bench.rows.people import JSON
from tests.bench.seeds import PASSWORD, log_on_accounts, name_of
from tests.bench.site import Service, Site
from tests.builders import events

COST = 4  # of a password's hash: three a couple, and it is not them that are measured
PROVING = 8  # couples at once
KNOWN_TO_MERGE = """
WITH one AS (
    INSERT INTO merge.accounts (
        account_id, version, state, security_version, username, time_zone, patient_ids
    )
    SELECT a.id, a.version, a.state, a.security_version, a.username, a.time_zone,
        ARRAY[e.patient_id]
    FROM identity.accounts AS a JOIN identity.enrolments AS e ON e.account_id = a.id
    WHERE a.id = ANY ($1)
)
INSERT INTO merge.persons (
    patient_id, version, practice_id, account_id, last_name, first_name, birth_date, home_phone,
    address, phone_end, address_form
)
SELECT p.id, p.version, p.practice_id, e.account_id, p.last_name, p.first_name, p.birth_date,
    $2, $3, $4, $5
FROM identity.patients AS p JOIN identity.enrolments AS e ON e.patient_id = p.id
WHERE e.account_id = ANY ($1)
"""
ENROLMENTS = """
SELECT e.account_id, e.patient_id, p.practice_id, a.username
FROM identity.enrolments AS e
JOIN identity.patients AS p ON p.id = e.patient_id
JOIN identity.accounts AS a ON a.id = e.account_id
WHERE e.account_id = ANY ($1)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Couple:
    """Who asks to absorb the other, and the request that says so."""

    access: str
    body: bytes


async def couples(site: Site, identity: Service, count: int) -> Sequence[Couple]:
    """New ones, known to all four services, each proven just now: proofs live five minutes."""
    there = await site.database.fetchval("SELECT count(*) FROM identity.accounts")
    numbers = range(there, there + 2 * count)
    ids = await log_on_accounts(site, numbers, cost=COST)
    await known(site, ids)
    turn = asyncio.Semaphore(PROVING)
    async with aiohttp.ClientSession() as http:

        async def proven(number: int) -> Couple:
            async with turn:
                return await prove(http, identity, number, number + count)

        return await asyncio.gather(*map(proven, numbers[:count]))


async def known(site: Site, ids: Sequence[UUID], *told: str) -> None:
    """Let the others know what identity would have told them. `told`: home phone and address of
    all, and the forms by which merge looks for either.
    """
    phone, address, phone_end, address_form = told or (None,) * 4
    await site.database.execute(KNOWN_TO_MERGE, ids, phone, address, phone_end, address_form)
    rows = await site.database.fetch(ENROLMENTS, ids)
    async with connected(site.surroundings.database.url("notify")) as notify:
        places = {PracticeId(row["practice_id"]) for row in rows}
        await practices.keep(
            notify, *(events.received(events.practice(place), version=1) for place in places)
        )
        await accounts.keep(
            notify,
            *(
                events.received(
                    events.account(
                        AccountId(row["account_id"]),
                        events.enrolment(row["practice_id"], PatientId(row["patient_id"])),
                        username=row["username"],
                        email=None,
                    ),
                    version=1,
                )
                for row in rows
            ),
        )


async def prove(http: aiohttp.ClientSession, identity: Service, one: int, other: int) -> Couple:
    """As one who is logged on, and has both passwords (SE-3, MG-1)."""
    access = await logged_on(http, identity, one)
    again = await asked(
        http, identity, "/account/reauthenticate", one, access, password=PASSWORD, verb="merge"
    )
    owned = await asked(
        http,
        identity,
        "/account/ownership-proofs",
        one,
        access,
        name=name_of(other),
        password=PASSWORD,
    )
    body = {"reauthenticated": again["grant"], "owned": owned["grant"], "confirm": True}
    return Couple(access=access, body=msgspec.json.encode(body))


async def logged_on(http: aiohttp.ClientSession, identity: Service, number: int) -> str:
    """Begin a session; return its access token."""
    said = {"name": name_of(number), "password": PASSWORD}
    session = await asked(http, identity, "/sessions", number, None, **said)
    return str(session["access_token"])


async def asked(
    http: aiohttp.ClientSession,
    service: Service,
    path: str,
    number: int,
    access: str | None,
    **said: str,
) -> Mapping[str, Any]:
    """Post it from a source of this account's own. Raises NotMeasured for a refusal."""
    url = f"http://{ports.LOOPBACK}:{service.http_port}{path}"
    async with http.post(
        url, data=msgspec.json.encode(said), headers=headers(number, access)
    ) as reply:
        body: Mapping[str, Any] = msgspec.json.decode(await reply.read(), type=dict)
        if not reply.ok:
            raise NotMeasured(f"{path} answered {reply.status} {body.get('code')}")
        return body


async def request(http: aiohttp.ClientSession, merge: Service, couple: Couple, place: int) -> UUID:
    """Ask for the merge; return its id. Raises NotMeasured for a refusal."""
    url = f"http://{ports.LOOPBACK}:{merge.http_port}/merges"
    sent = {**headers(place, couple.access), "Idempotency-Key": str(uuid4())}
    async with http.post(url, data=couple.body, headers=sent) as reply:
        body = msgspec.json.decode(await reply.read(), type=dict)
        if reply.status != 202:
            raise NotMeasured(f"POST /merges answered {reply.status} {body.get('code')}")
        return UUID(body["merge_id"])


def headers(number: int, access: str | None) -> dict[str, str]:
    said = {**JSON, "X-Forwarded-For": str(IPv4Address(FIRST_SOURCE + number))}
    return said | ({"Authorization": f"Bearer {access}"} if access else {})
