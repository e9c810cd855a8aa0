"""Proof of the other account, by its name and password, in a session of one's own (MG-1)."""

import pytest

from shared.trust.grants import GrantAct, GrantChecker
from tests.builders.merges import Registry
from tests.rigs.identity import Identity, Person
from tests.support.trust import ISSUER

pytestmark = pytest.mark.proves("MG-1")
WRONG = "Wrong-Guess-1234"


async def two(registry: Registry) -> tuple[str, Person, Person]:
    """The access token of one account, that account and another one."""
    own, other = await registry.identity.an_account(), await registry.identity.an_account()
    return (await registry.session(own))["access_token"], own, other


async def test_name_and_password_of_the_other_account_give_a_grant_about_it(
    identity: Identity, registry: Registry
) -> None:
    own, other = await identity.an_account(), await identity.an_account()
    session = await registry.session(own)

    answer = await registry.prove(session["access_token"], other.username)

    assert (answer.status, answer.body["expires_in"]) == (200, 600)
    for service in ("merge", "identity"):
        grant = await GrantChecker(
            issuer=ISSUER, service=service, public_keys=identity.plumbing.public_keys
        ).check(answer.body["grant"], act=GrantAct.ACCOUNT_OWNED, now=identity.clock.now())
        assert (grant.account_id, grant.security_version) == (other.id, 1)
        assert (grant.verb, grant.account_version) == (None, 1)
        assert str(grant.session_id) == session["session_id"]


async def test_it_tells_the_other_accounts_masked_name_and_its_practices(
    identity: Identity, registry: Registry
) -> None:
    own, _ = await registry.two()
    other = await registry.a_member(desk=1, username="maria.garcia")
    un_enrolled = registry.patients_of["maria.garcia"]
    await registry.desks[1].un_enrol(un_enrolled)
    session = await registry.session(own)

    answer = await registry.prove(session["access_token"], other.username)

    assert answer.body["username"] == "m•••a"
    assert answer.body["practices"] == ["Elm Street Practice"]


async def test_a_proof_opens_no_session(identity: Identity, registry: Registry) -> None:
    token, own, other = await two(registry)

    await registry.prove(token, other.username)

    rows = await identity.rows("SELECT account_id FROM sessions")
    assert [row["account_id"] for row in rows] == [own.id]


async def test_a_verified_address_names_the_account_as_well(
    identity: Identity, registry: Registry
) -> None:
    token, *_ = await two(registry)
    await identity.an_account("june.hale", email="june@mail.example")

    assert (await registry.prove(token, " June@Mail.Example")).status == 200


@pytest.mark.proves("LG-2")
async def test_a_wrong_proof_counts_on_the_other_accounts_lock_and_not_on_ones_own(
    identity: Identity, registry: Registry
) -> None:
    token, own, other = await two(registry)
    for _ in range(4):
        await registry.prove(token, other.username, WRONG)

    assert (await identity.log_on(other.username)).status == 401
    assert (await identity.log_on(own.username)).status == 201
    assert (await registry.reauthenticate(token)).status == 200
