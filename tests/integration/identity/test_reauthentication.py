"""Re-authentication: the password again, in a session, for one verb (SE-3)."""

import asyncio

import pytest

from shared.trust.grants import GrantAct, GrantChecker, GrantWrongAct, GrantWrongService, Verb
from tests.builders.merges import Registry
from tests.rigs.identity import PASSWORD, Identity, Person
from tests.rigs.replica import Answer
from tests.support.trust import ISSUER

SE_3 = pytest.mark.proves("SE-3")
LG_2 = pytest.mark.proves("LG-2")
WRONG = "Wrong-Guess-1234"


async def a_token(registry: Registry, person: Person) -> str:
    return str((await registry.session(person))["access_token"])


def checker(identity: Identity, service: str) -> GrantChecker:
    return GrantChecker(issuer=ISSUER, service=service, public_keys=identity.plumbing.public_keys)


@SE_3
async def test_the_password_gives_a_grant_for_one_verb_of_five_minutes(
    identity: Identity, registry: Registry
) -> None:
    person = await identity.an_account()
    session = await registry.session(person)

    answer = await registry.reauthenticate(session["access_token"])

    assert (answer.status, answer.body["expires_in"]) == (200, 300)
    for service in ("merge", "identity"):
        grant = await checker(identity, service).check(
            answer.body["grant"],
            act=GrantAct.REAUTHENTICATED,
            verb=Verb.MERGE,
            now=identity.clock.now(),
        )
        assert (grant.account_id, grant.security_version) == (person.id, 1)
        assert (grant.account_version, str(grant.session_id)) == (1, session["session_id"])
        assert (grant.expires_at - identity.clock.now()).total_seconds() == 300


@SE_3
@pytest.mark.proves("V9.2.2", "V9.2.3")
async def test_the_grant_is_good_for_nothing_else(identity: Identity, registry: Registry) -> None:
    person = await identity.an_account()
    grant = (await registry.reauthenticate(await a_token(registry, person))).body["grant"]
    now = identity.clock.now()

    with pytest.raises(GrantWrongAct):
        await checker(identity, "merge").check(grant, act=GrantAct.ACCOUNT_OWNED, now=now)
    with pytest.raises(GrantWrongAct):
        await checker(identity, "merge").check(grant, act=GrantAct.REAUTHENTICATED, now=now)
    with pytest.raises(GrantWrongService):
        await checker(identity, "recovery").check(
            grant, act=GrantAct.REAUTHENTICATED, verb=Verb.MERGE, now=now
        )


@SE_3
async def test_two_grants_are_never_the_same_proof(identity: Identity, registry: Registry) -> None:
    token = await a_token(registry, await identity.an_account())
    answers = [await registry.reauthenticate(token) for _ in range(2)]

    jtis = {
        (
            await checker(identity, "merge").check(
                answer.body["grant"],
                act=GrantAct.REAUTHENTICATED,
                verb=Verb.MERGE,
                now=identity.clock.now(),
            )
        ).jti
        for answer in answers
    }

    assert len(jtis) == 2


@SE_3
@pytest.mark.parametrize("verb", ["password", "", None, 7])
async def test_a_verb_that_needs_none_is_refused(
    identity: Identity, registry: Registry, verb: object
) -> None:
    token = await a_token(registry, await identity.an_account())

    answer = await identity.call(
        "POST", "/account/reauthenticate", {"password": PASSWORD, "verb": verb}, token=token
    )

    assert (answer.status, answer.code) == (400, "body_invalid")


@SE_3
async def test_without_a_session_there_is_nobody_to_prove(identity: Identity) -> None:
    body = {"password": PASSWORD, "verb": "merge"}

    answer = await identity.call("POST", "/account/reauthenticate", body)

    assert (answer.status, answer.code) == (401, "unauthenticated")


@SE_3
@LG_2
@pytest.mark.proves("V6.3.8")
async def test_wrong_and_locked_get_the_same_whole_reply_which_states_the_rule(
    identity: Identity, registry: Registry
) -> None:
    token = await a_token(registry, await identity.an_account())

    answers = [await registry.reauthenticate(token, WRONG) for _ in range(4)]
    answers += [await registry.reauthenticate(token, PASSWORD)]

    first = answers[0]
    assert (first.status, first.code) == (403, "reauthentication_failed")
    assert "4 wrong passwords in a row lock a name for 20 minutes" in first.body["detail"]
    assert [answer.alike() for answer in answers] == [first.alike()] * 5


@SE_3
@LG_2
async def test_failures_are_counted_together_with_those_at_log_on(
    identity: Identity, registry: Registry
) -> None:
    person = await identity.an_account()
    token = await a_token(registry, person)
    for _ in range(2):
        await identity.log_on(person.username, WRONG)
        await registry.reauthenticate(token, WRONG)

    assert (await identity.log_on(person.username)).status == 401
    assert (await registry.reauthenticate(token)).status == 403

    identity.clock.advance(minutes=20)
    assert (await registry.session(person))["access_token"]


@SE_3
@LG_2
@pytest.mark.proves("V15.4.2")
async def test_of_64_parallel_guesses_exactly_four_are_told(
    identity: Identity, second: Identity, registry: Registry
) -> None:
    token = await a_token(registry, await identity.an_account())
    beside = Registry(identity=second, desks=())

    await asyncio.gather(
        *(one.reauthenticate(token, WRONG) for one in (registry, beside) for _ in range(32))
    )

    rows = await identity.rows(
        "SELECT detail, count(*) FROM audit_entries"
        " WHERE action = 'account.reauthenticate' GROUP BY detail"
    )
    assert dict(map(tuple, rows)) == {"wrong": 4, "locked": 60}


@SE_3
async def test_the_grant_carries_the_security_version_whose_password_was_compared(
    identity: Identity, registry: Registry
) -> None:
    person = await identity.an_account()
    token = await a_token(registry, person)
    async with identity.plumbing.database.connection() as connection:
        await connection.execute(
            "UPDATE accounts SET security_version = 2 WHERE id = $1", person.id
        )

    answer = await registry.reauthenticate(token)

    grant = await checker(identity, "merge").check(
        answer.body["grant"],
        act=GrantAct.REAUTHENTICATED,
        verb=Verb.MERGE,
        now=identity.clock.now(),
    )
    assert grant.security_version == 2


@SE_3
@pytest.mark.proves("LG-4")
async def test_refusals_in_a_session_use_up_the_budget_of_their_source(
    identity: Identity, registry: Registry
) -> None:
    source, token = "198.51.100.7", await a_token(registry, await identity.an_account())
    for _ in range(50):
        refused = await registry.reauthenticate(token, WRONG, source=source)
        assert refused.status == 403

    hit = await registry.reauthenticate(token, PASSWORD, source=source)
    miss = await registry.reauthenticate(token, WRONG, source=source)
    settings = await identity.call("GET", "/account", token=token, source=source)

    assert (hit.status, hit.code) == (429, "too_many_requests")
    assert hit.alike() == miss.alike()
    assert settings.status == 200


@SE_3
@pytest.mark.proves("LG-4")
async def test_what_succeeds_in_a_session_counts_nothing(
    identity: Identity, registry: Registry
) -> None:
    source, token = "198.51.100.8", await a_token(registry, await identity.an_account())

    answers: list[Answer] = [await registry.reauthenticate(token, source=source) for _ in range(51)]

    assert {answer.status for answer in answers} == {200}


@SE_3
@pytest.mark.proves("AU-1", "V16.3.1")
async def test_every_try_leaves_one_audit_row(identity: Identity, registry: Registry) -> None:
    person = await identity.an_account()
    token = await a_token(registry, person)

    await registry.reauthenticate(token)
    await registry.reauthenticate(token, WRONG)

    rows = await identity.rows(
        "SELECT actor, subject, outcome, detail FROM audit_entries"
        " WHERE action = 'account.reauthenticate' ORDER BY outcome"
    )
    me = f"account:{person.id}"
    assert [tuple(row) for row in rows] == [
        (me, me, "done", "merge"),
        (me, me, "refused", "wrong"),
    ]
