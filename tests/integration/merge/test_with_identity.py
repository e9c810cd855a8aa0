"""Identity's own proofs at merge, and merge's request at identity: both services, by hand."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from shared.contracts import topology
from shared.contracts.ids import MergeId
from tests.builders.merges import deliver
from tests.builders.practices import practice_desk
from tests.rigs import merge as rig
from tests.rigs.identity import PASSWORD, Identity, identity_service
from tests.rigs.issuer import Issuer
from tests.rigs.replica import Answer
from tests.support.clock import FakeClock
from tests.support.database import Database
from tests.support.deliveries import delivered
from tests.support.trust import trusting

ANN, BEA, CAT = "maria.garcia", "m.garcia.lopez", "m.lopez"


@dataclass(frozen=True, slots=True, kw_only=True)
class Both:
    """Identity and merge on one database, and who carries their messages."""

    identity: Identity
    merging: rig.Merging

    async def carry_to_merge(self, *queues: str) -> None:
        """Bring what identity has published so far, all of it, to these queues of merge's."""
        rows = await self.identity.rows("SELECT routing_key, body FROM outbox ORDER BY id")
        for queue in topology.queues("merge"):
            keys = {contract.routing_key for contract in queue.contracts}
            found = [
                delivered(row["body"], tag=tag)
                for tag, row in enumerate(rows)
                if row["routing_key"] in keys
            ]
            if queue.name in queues and found:
                await self.merging.hear(*found, queue=queue.name)

    async def carry_to_identity(self) -> None:
        rows = await self.merging.rows("SELECT body FROM outbox ORDER BY id")
        await deliver(self.identity, *(row["body"] for row in rows))

    async def call(self, path: str, body: dict[str, str], token: str) -> Any:
        answer = await self.identity.call("POST", path, body, token=token)
        assert answer.status == 200, answer.body
        return answer.body["grant"]

    async def ask(self, token: str, *, owned: str = "") -> Answer:
        """Prove both accounts at identity, and ask merge."""
        body = {
            "reauthenticated": await self.call(
                "/account/reauthenticate", {"password": PASSWORD, "verb": "merge"}, token
            ),
            "owned": owned or await self.owned(token),
            "confirm": True,
        }
        return await self.merging.send(rig.Request(token=token, body=body))

    async def owned(self, token: str) -> str:
        """Prove Bea's account in this session."""
        body = {"name": BEA, "password": PASSWORD}
        return str(await self.call("/account/ownership-proofs", body, token))

    async def token(self, name: str = ANN) -> str:
        """Just logged on."""
        return str((await self.identity.log_on(name)).body["access_token"])

    async def state(self, merge_id: MergeId) -> tuple[str, str | None]:
        answer = await self.merging.get(f"/merges/{merge_id}", await self.token())
        return answer.body["state"], answer.body["reason"]


@pytest_asyncio.fixture
async def both(database: Database, clock: FakeClock) -> AsyncIterator[Both]:
    """The same human with three accounts, of which merge has heard."""
    async with (
        identity_service(database, clock) as identity,
        trusting(database, "identity", clock) as trust,
        rig.replica(database, clock, Issuer(trust=trust, clock=clock)) as merging,
    ):
        for username in (ANN, BEA, CAT):
            await (await practice_desk(identity)).enrolled(username=username)
        made = Both(identity=identity, merging=merging)
        await made.carry_to_merge("merge.accounts")
        yield made


@pytest.mark.proves("MG-9")
async def test_what_identity_has_proven_merge_accepts_and_identity_merges(both: Both) -> None:
    merge_id = (await both.ask(await both.token())).merge_id

    await both.carry_to_identity()
    await both.carry_to_merge("merge.saga", "merge.accounts")

    assert await both.state(merge_id) == ("applying", None)
    assert len(await both.merging.rows("SELECT FROM absorptions")) == 1
    states = await both.merging.rows("SELECT state, cardinality(patient_ids) FROM accounts")
    assert sorted(tuple(row) for row in states) == [
        ("active", 1),
        ("active", 2),
        ("merged", 0),
    ]
    assert await both.merging.dead() == []


@pytest.mark.proves("MG-1")
async def test_credentials_that_change_before_identity_decides_end_the_merge(both: Both) -> None:
    merge_id = (await both.ask(await both.token())).merge_id
    async with both.identity.database.connection("identity") as connection:
        await connection.execute("UPDATE accounts SET security_version = security_version + 1")

    await both.carry_to_identity()
    await both.carry_to_merge("merge.saga")

    assert await both.state(merge_id) == ("refused", "merge_proof_stale")
    assert await both.merging.rows("SELECT FROM busy_accounts") == []


@pytest.mark.proves("MG-1")
@pytest.mark.parametrize("name", [CAT, ANN])
async def test_what_was_proven_in_one_session_is_good_in_no_other(both: Both, name: str) -> None:
    """Neither somebody else's nor another one of hers."""
    owned = await both.owned(await both.token())
    elsewhere = await both.token(name)

    answer = await both.ask(elsewhere, owned=owned)

    assert answer.refused() == (400, "grant_wrong_session")
    assert await both.merging.untouched()
    assert (await both.ask(elsewhere)).status == 202
