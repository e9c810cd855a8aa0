"""Re-authentication: the password again, in a session, for one verb (SE-3)."""

import pytest

from shared.trust.grants import GrantAct, GrantChecker, GrantWrongAct, GrantWrongService, Verb
from tests.builders.merges import Registry
from tests.rigs.identity import PASSWORD, Identity, Person
from tests.support.trust import ISSUER

pytestmark = pytest.mark.proves("SE-3")


async def a_token(registry: Registry, person: Person) -> str:
    return str((await registry.session(person))["access_token"])


def checker(identity: Identity, service: str) -> GrantChecker:
    return GrantChecker(issuer=ISSUER, service=service, public_keys=identity.plumbing.public_keys)


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


@pytest.mark.parametrize("verb", ["log-on", "", None, 7])
async def test_a_verb_that_needs_none_is_refused(
    identity: Identity, registry: Registry, verb: object
) -> None:
    token = await a_token(registry, await identity.an_account())

    answer = await identity.call(
        "POST", "/account/reauthenticate", {"password": PASSWORD, "verb": verb}, token=token
    )

    assert (answer.status, answer.code) == (400, "body_invalid")


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
