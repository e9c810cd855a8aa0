"""Proof of the other account, by its name and password, in a session of one's own (MG-1)."""

import asyncio

import pytest

from shared.trust.grants import GrantAct, GrantChecker
from tests.builders.merges import Registry
from tests.rigs.identity import PASSWORD, Identity, Person
from tests.support.trust import ISSUER

MG_1 = pytest.mark.proves("MG-1")
MG_3 = pytest.mark.proves("MG-3")
MG_5 = pytest.mark.proves("MG-5")
LG_2 = pytest.mark.proves("LG-2")
WRONG = "Wrong-Guess-1234"


async def two(registry: Registry) -> tuple[str, Person, Person]:
    """The access token of one account, that account and another one."""
    own, other = await registry.identity.an_account(), await registry.identity.an_account()
    return (await registry.session(own))["access_token"], own, other


@MG_1
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


@MG_1
async def test_a_proof_opens_no_session(identity: Identity, registry: Registry) -> None:
    token, own, other = await two(registry)

    await registry.prove(token, other.username)

    rows = await identity.rows("SELECT account_id FROM sessions")
    assert [row["account_id"] for row in rows] == [own.id]


@MG_1
async def test_a_verified_address_names_the_account_as_well(
    identity: Identity, registry: Registry
) -> None:
    token, *_ = await two(registry)
    await identity.an_account("june.hale", email="june@mail.example")

    assert (await registry.prove(token, " June@Mail.Example")).status == 200


@MG_1
@LG_2
@pytest.mark.proves("V6.3.8")
async def test_unknown_wrong_frozen_and_locked_get_the_same_whole_reply(
    identity: Identity, registry: Registry
) -> None:
    token, _, other = await two(registry)
    frozen = await identity.an_account()
    async with identity.plumbing.database.connection() as connection:
        await connection.execute("UPDATE accounts SET state = 'frozen' WHERE id = $1", frozen.id)

    answers = [await registry.prove(token, other.username, WRONG) for _ in range(4)]
    answers += [
        await registry.prove(token, other.username, PASSWORD),
        await registry.prove(token, frozen.username, PASSWORD),
        await registry.prove(token, "nobody.at.all", PASSWORD),
    ]

    first = answers[0]
    assert (first.status, first.code) == (403, "merge_proof_failed")
    assert "4 wrong passwords in a row lock a name for 20 minutes" in first.body["detail"]
    assert [answer.alike() for answer in answers] == [first.alike()] * 7


@MG_1
@LG_2
async def test_a_wrong_proof_counts_on_the_other_accounts_lock_and_not_on_ones_own(
    identity: Identity, registry: Registry
) -> None:
    token, own, other = await two(registry)
    for _ in range(4):
        await registry.prove(token, other.username, WRONG)

    assert (await identity.log_on(other.username)).status == 401
    assert (await identity.log_on(own.username)).status == 201
    assert (await registry.reauthenticate(token)).status == 200


@MG_1
@LG_2
@pytest.mark.proves("V15.4.2")
async def test_of_64_parallel_guesses_over_two_replicas_exactly_four_are_told(
    identity: Identity, second: Identity, registry: Registry
) -> None:
    token, _, other = await two(registry)
    beside = Registry(identity=second, desks=())

    await asyncio.gather(
        *(one.prove(token, other.username, WRONG) for one in (registry, beside) for _ in range(32))
    )

    rows = await identity.rows(
        "SELECT detail, count(*) FROM audit_entries"
        " WHERE action = 'account.prove-ownership' GROUP BY detail"
    )
    assert dict(map(tuple, rows)) == {"wrong": 4, "locked": 60}


@MG_1
@MG_3
async def test_ones_own_account_is_told_only_after_its_right_password(
    identity: Identity, registry: Registry
) -> None:
    token, own, _ = await two(registry)

    wrong = await registry.prove(token, own.username, WRONG)
    right = await registry.prove(token, own.username)

    assert (wrong.status, wrong.code) == (403, "merge_proof_failed")
    assert (right.status, right.code) == (409, "merge_same_account")


@MG_1
@MG_3
@MG_5
async def test_an_account_that_is_merged_is_told_only_after_its_right_password(
    identity: Identity, registry: Registry
) -> None:
    survivor, absorbed = await registry.two()
    await registry.merge(survivor, absorbed)
    token, *_ = await two(registry)

    wrong = await registry.prove(token, absorbed.username, WRONG)
    right = await registry.prove(token, absorbed.username)
    nobody = await registry.prove(token, "nobody.at.all", WRONG)

    assert (right.status, right.code) == (409, "account_merged")
    assert wrong.alike() == nobody.alike()


@MG_1
@pytest.mark.proves("LG-4")
async def test_refusals_use_up_the_budget_of_their_source(
    identity: Identity, registry: Registry
) -> None:
    token, _, other = await two(registry)
    source = "198.51.100.7"
    for number in range(50):
        refused = await registry.prove(token, f"nobody.{number}", WRONG, source=source)
        assert refused.status == 403

    hit = await registry.prove(token, other.username, source=source)
    miss = await registry.prove(token, other.username, WRONG, source=source)

    assert (hit.status, hit.code) == (429, "too_many_requests")
    assert hit.alike() == miss.alike()
    assert (await registry.prove(token, other.username)).status == 200


@MG_1
async def test_without_a_session_there_is_nothing_to_merge_into(identity: Identity) -> None:
    body = {"name": "june.hale", "password": PASSWORD}

    answer = await identity.call("POST", "/account/ownership-proofs", body)

    assert (answer.status, answer.code) == (401, "unauthenticated")


@MG_1
@pytest.mark.proves("AU-1", "V16.3.1")
async def test_every_try_leaves_one_audit_row_of_the_other_account(
    identity: Identity, registry: Registry
) -> None:
    token, own, other = await two(registry)

    await registry.prove(token, other.username)
    await registry.prove(token, other.username, WRONG)
    await registry.prove(token, "nobody.at.all", WRONG)
    await registry.prove(token, own.username)

    rows = await identity.rows(
        "SELECT subject, outcome, detail FROM audit_entries"
        " WHERE action = 'account.prove-ownership' AND actor = $1",
        f"account:{own.id}",
    )
    assert {tuple(row) for row in rows} == {
        (f"account:{other.id}", "done", None),
        (f"account:{other.id}", "refused", "wrong"),
        (None, "refused", "wrong"),
        (f"account:{own.id}", "refused", "merge_same_account"),
    }
    assert len(rows) == 4
