"""An upgrade loses nothing: what was live opens, what had ended does not, what was spent is."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest
import pytest_asyncio

from services.identity.passwords.errors import UnlockLimit
from shared.contracts.ids import AccountId
from shared.contracts.keys import KeyPurpose
from tests.builders.practices import enrol
from tests.rigs.identity import PRACTICE, Identity, Person, identity_service, recovery_beside
from tests.rigs.identity import Recovery as GrantIssuing
from tests.rigs.recovery import Recovery, a_sealing_key, replica
from tests.support.clock import FakeClock
from tests.support.database import Database
from tests.support.trust import Trust, trusting

ANN, BEN, CLEO = (
    Person(
        id=AccountId(UUID(f"00000000-0000-4000-8000-{number:012}")),
        username=name,
        password="Walnut-Harbour-7",
        email=None,
    )
    for number, name in ((1, "ann.hale"), (2, "ben.hale"), (3, "cleo.hale"))
)
FRESH, WORN, SUPERSEDED = "0123-4567-89ab-cdef", "ZYXW-VTSR-QPNM-KJHG", "0000-0000-ZZZZ-ZZZZ"


@pytest_asyncio.fixture
async def identity(upgraded: Database, clock: FakeClock) -> AsyncIterator[Identity]:
    async with identity_service(upgraded, clock) as running:
        async with trusting(upgraded, "notify", clock, purpose=KeyPurpose.SEALING) as notify:
            await notify.own_keys.ensure()
            await heard(running).learn_from(notify)
        yield running


def heard(identity: Identity) -> Trust:
    return Trust(
        service="identity",
        issuer=identity.plumbing.issuer,
        database=identity.plumbing.database,
        own_keys=identity.features.sessions.own_keys,
        public_keys=identity.plumbing.public_keys,
    )


@pytest_asyncio.fixture
async def recovery(upgraded: Database, clock: FakeClock) -> AsyncIterator[Recovery]:
    async with replica(upgraded, clock, a_sealing_key()) as made:
        await made.own_keys.ensure()
        await made.knows_notifys_key()
        yield made


async def claim(identity: Identity, person: Person, address: str) -> str:
    token = (await identity.log_on(person.username)).body["access_token"]
    body = {"address": address}
    return (await identity.call("POST", "/account/email", body, token=token)).code


async def test_a_live_token_enrols_and_an_ended_one_does_not(identity: Identity) -> None:
    ended = await enrol(identity, SUPERSEDED)
    enrolled = await enrol(identity, FRESH)
    again = await enrol(identity, FRESH, username="maria.garcia.2")

    assert (ended.code, enrolled.status, again.code) == ("token_invalid", 201, "token_invalid")


async def test_a_token_s_fifth_wrong_try_is_its_last(identity: Identity) -> None:
    await enrol(identity, WORN, last_name="Somebody")

    assert (await enrol(identity, WORN)).code == "token_invalid"


async def test_a_token_tells_a_tenth_time_that_a_name_is_taken(identity: Identity) -> None:
    tenth = await enrol(identity, WORN, username=ANN.username)

    assert tenth.code == "username_taken"
    assert (await enrol(identity, WORN)).code == "token_invalid"


async def test_a_live_link_verifies_its_address_and_a_withheld_one_nothing(
    identity: Identity,
) -> None:
    answers = []
    for person, link in ((ANN, "ann-s-link"), (CLEO, "cleo-s-link")):
        token = (await identity.log_on(person.username)).body["access_token"]
        answers.append(
            await identity.call("POST", "/account/email/verify", {"token": link}, token=token)
        )

    assert [(answer.status, answer.code) for answer in answers] == [
        (200, ""),
        (422, "link_invalid"),
    ]


async def test_mails_of_the_hour_count_on_account_and_address(identity: Identity) -> None:
    unasked = "UPDATE practices SET settings = settings || '{\"security_questions\": false}'::jsonb"
    await identity.rows(unasked)  # else theirs is a session at that gate
    assert await claim(identity, BEN, "another@mail.example") == "too_many_requests"
    assert await claim(identity, ANN, "many@mail.example") == "too_many_requests"
    assert await claim(identity, ANN, "few@mail.example") == ""
    identity.clock.advance(minutes=46)
    assert await claim(identity, BEN, "another@mail.example") == ""


async def test_unlocks_and_notices_of_the_day_are_counted(identity: Identity) -> None:
    lockouts, database = identity.features.passwords.lockouts, identity.plumbing.database
    await identity.loop("lock-notices").once()
    with pytest.raises(UnlockLimit) as refused:
        async with database.transaction() as tx:
            await lockouts.unlock(tx, ANN.id, now=identity.clock.now())
    async with database.transaction() as tx:
        bens = await lockouts.unlock(tx, BEN.id, now=identity.clock.now())

    assert await identity.events("account-locked") == []
    assert refused.value.retry_after == timedelta(hours=2).total_seconds()
    assert bens


async def test_a_proof_that_had_five_passwords_refused_sets_none(identity: Identity) -> None:
    async with recovery_beside(identity) as issuing:
        worn, nearly = await grant(issuing, "worn out"), await grant(issuing, "nearly")

    spent = await identity.reset(worn, "Copper!Lantern-9")
    fifth = await identity.reset(nearly, ANN.password)
    sixth = await identity.reset(nearly, "Copper!Lantern-9")

    assert spent.code == sixth.code == "grant_exhausted"
    assert fifth.code == "password_unacceptable"


async def grant(issuing: GrantIssuing, jti: str) -> str:
    return await issuing.grant(ANN, jti=jti)


async def test_practices_keep_their_settings(identity: Identity, recovery: Recovery) -> None:
    for rows in (identity.rows, recovery.rows):
        [practice] = await rows("SELECT settings FROM practices WHERE name <> $1", PRACTICE.name)
        assert practice["settings"] == '{"reset_link_minutes": 20}'


async def test_clients_keep_what_they_may_do(identity: Identity) -> None:
    rows = await identity.rows("SELECT id, role, narrowed_to FROM clients ORDER BY id")

    assert [tuple(row) for row in rows] == [
        ("full", "practice", None),
        ("gateway", "gateway", None),
        ("narrowed", "practice", ["merges:read"]),
        ("revoked", "practice", ["introspect"]),
    ]


async def test_a_session_goes_on_as_a_full_one_of_when_it_began(identity: Identity) -> None:
    [row] = await identity.rows("SELECT scope, auth_time = started_at FROM sessions")

    assert tuple(row) == ("full", True)


async def redeemed(recovery: Recovery, token: str) -> int:
    async with recovery.client.post("/resets/links/redeem", json={"token": token}) as reply:
        return reply.status


async def test_a_live_reset_link_is_redeemed_and_an_ended_one_is_not(recovery: Recovery) -> None:
    live = [await redeemed(recovery, link) for link in ("ann-s-link", "ann-s-older", "cleo-s-link")]
    recovery.clock.advance(minutes=10)

    assert live == [200, 422, 422]
    assert await redeemed(recovery, "ann-s-link") == 422


async def test_links_and_reminders_of_the_hour_are_counted(recovery: Recovery) -> None:
    for name in ("ann.hale", "ben.hale"):
        await recovery.ask(name)
        for _ in range(2):
            await recovery.ask_username(f"{name.partition('.')[0]}@mail.example")
    await recovery.tick()
    await recovery.tick_reminders()
    links = [mail.data.account_id for mail in await recovery.mails()]

    assert links == [ANN.id]
    assert [mail.username for mail in await recovery.reminders()] == ["ann.hale"]
    assert await redeemed(recovery, "ann-s-link") == 422  # the newer one superseded it
    recovery.clock.advance(minutes=10)
    await recovery.ask("ben.hale")
    await recovery.tick()
    assert [mail.data.account_id for mail in await recovery.mails()] == [ANN.id, BEN.id]


async def test_merge_forgets_the_e_mails_that_it_kept(upgraded: Database) -> None:
    async with upgraded.connection("merge") as connection:
        rows = await connection.fetch("SELECT username, email FROM accounts")

    assert [tuple(row) for row in rows] == [("ann.hale", None)]
