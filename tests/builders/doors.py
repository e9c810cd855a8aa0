"""Where identity takes a password: log-on, re-authentication, another account's proof, EN-5."""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from tests.builders.merges import Registry
from tests.builders.practices import add_practice
from tests.rigs.identity import Identity
from tests.rigs.replica import Answer

Entry = Callable[[Identity, str], Awaitable[Answer]]  # a password, at a replica


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Where a password is taken, how a wrong one is refused, and what the audit knows it by."""

    opened: Callable[[Registry, str], Awaitable[Entry]]
    status: int
    code: str
    action: str
    done: str | None = None


async def log_on(_: Registry, name: str) -> Entry:
    return lambda at, password: at.log_on(name, password)


async def re_authenticate(registry: Registry, name: str) -> Entry:
    """Of the holder's own session, whatever name is meant."""
    token = (await registry.identity.log_on(name)).body["access_token"]
    return lambda at, password: Registry(identity=at, desks=()).reauthenticate(token, password)


async def prove_ownership(registry: Registry, name: str) -> Entry:
    person = await registry.identity.an_account()
    token = (await registry.identity.log_on(person.username)).body["access_token"]
    return lambda at, password: Registry(identity=at, desks=()).prove(token, name, password)


async def add_a_practice(registry: Registry, name: str) -> Entry:
    token = await registry.desks[0].a_token()
    return lambda at, password: add_practice(at, token, name=name, password=password)


LOG_ON = Door(opened=log_on, status=401, code="invalid_credentials", action="log-on")
REAUTHENTICATE = Door(
    opened=re_authenticate,
    status=403,
    code="reauthentication_failed",
    action="account.reauthenticate",
    done="merge",
)
PROVE = Door(
    opened=prove_ownership,
    status=403,
    code="merge_proof_failed",
    action="account.prove-ownership",
)
ADD_A_PRACTICE = Door(
    opened=add_a_practice,
    status=401,
    code="invalid_credentials",
    action="enrol.existing-account",
)


BY_NAME = (LOG_ON, PROVE, ADD_A_PRACTICE)
ALL = (*BY_NAME, REAUTHENTICATE)
by_name = pytest.mark.parametrize("door", BY_NAME, ids=lambda door: door.action)
every_door = pytest.mark.parametrize("door", ALL, ids=lambda door: door.action)


async def details(identity: Identity, door: Door) -> Counter[str]:
    """How the audit says that passwords were refused there."""
    rows = await identity.rows(
        "SELECT detail FROM audit_entries WHERE action = $1 AND outcome = 'refused'", door.action
    )
    return Counter(row["detail"] for row in rows)
