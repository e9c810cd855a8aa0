"""Accounts as recovery knows them by the thousand, each in one state.

A state is a line in STATES: every door of recovery's that asks by name goes over all of them. Two
of the eight are none here. Recovery is not told who is locked: a locked account is a known one. Of
an account e-mail it hears once that is verified: one that is not is none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from deploy.local.provision import connected
from services.recovery.merging.store import merges
from services.recovery.projections.store import practices
from shared.contracts.identity import AccountState, EnrolmentState
from shared.contracts.ids import AccountId, MergeId, PracticeId
from shared.randomness import Randomness
from shared.settings.values import Secret, key_bytes
from shared.trust.tokens import Digests
from tests.bench.seeds import known_accounts, name_of
from tests.bench.site import Site
from tests.builders import events

RANDOMNESS = Randomness()
ELM_STREET = PracticeId(RANDOMNESS.uuid())  # where all are enrolled that are anywhere

STATES: Mapping[str, Mapping[str, Any]] = {
    "known as well": {},  # what the lab itself adds
    "frozen": {"state": AccountState.FROZEN, "reset_by_practice": True, "frozen_in": 2},
    "e-mail not verified, or none": {"email": None},
    "merged": {"absorbed": True},
    "un-enrolled": {"enrolled": EnrolmentState.UNENROLLED},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """One of them, by the name that is typed."""

    username: str
    account_id: UUID
    owner: UUID
    """Whose the name is by now: its own, or who absorbed it (ID-4)."""


async def known(site: Site, count: int, *, absorbed: bool = False, **said: Any) -> Sequence[Known]:
    """New accounts of which this is said; absorbed ones each by an account of its own."""
    if not absorbed:
        return await _kept(site, count, **said)
    survivors = await _kept(site, count, **said)
    made = await _kept(site, count, **said, state=AccountState.MERGED)
    async with connected(site.surroundings.database.url("recovery")) as tx:
        for one, other in zip(made, survivors, strict=True):
            await merges.absorb(
                tx,
                AccountId(one.account_id),
                into=AccountId(other.account_id),
                merge_id=MergeId(RANDOMNESS.uuid()),
                at=datetime.now(UTC),
            )
        await tx.execute("ANALYZE merges")
    return [
        Known(username=one.username, account_id=one.account_id, owner=other.account_id)
        for one, other in zip(made, survivors, strict=True)
    ]


async def _kept(site: Site, count: int, **said: Any) -> Sequence[Known]:
    names = [name_of(number) for number in await known_accounts(site, count, **said)]
    async with connected(site.surroundings.database.url("recovery")) as tx:
        practice = events.received(events.practice(ELM_STREET), version=1, time=datetime.now(UTC))
        await practices.keep(tx, practice)
        await tx.execute(
            "UPDATE accounts SET practices = ARRAY[$2::uuid]"
            " WHERE username = ANY ($1) AND practices <> '{}'",
            names,
            ELM_STREET,
        )
        rows = await tx.fetch(
            "SELECT username, account_id FROM accounts WHERE username = ANY ($1)", names
        )
    ids = {row["username"]: row["account_id"] for row in rows}
    return [Known(username=name, account_id=ids[name], owner=ids[name]) for name in names]


def nobodys(count: int) -> Sequence[str]:
    """Usernames like theirs that are nobody's."""
    return [f"bench.nobody.{RANDOMNESS.uuid().hex[:6]}" for _ in range(count)]


def digests_of(site: Site) -> Digests:
    """As recovery makes them."""
    return Digests(key_bytes(Secret(site.surroundings.of("recovery")["PORTICO_DIGEST_KEY"])))
