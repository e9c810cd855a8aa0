"""Grants: the right issuer, act, audience and moment; and each proof is spent once."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from shared.contracts.ids import AccountId, SessionId
from shared.contracts.keys import KeyPurpose
from shared.contracts.reach import SessionScope
from shared.errors import CatchingUp
from shared.randomness import Randomness
from shared.trust import signed
from shared.trust.access import AccessTokenIssuer, SessionCaller
from shared.trust.ciphers import signing_key
from shared.trust.grants import (
    MAY_ISSUE,
    TYPE,
    Grant,
    GrantAct,
    GrantChecker,
    GrantClaims,
    GrantInvalid,
    GrantIssuer,
    GrantUsed,
    GrantWrongAct,
    GrantWrongService,
    Verb,
)
from tests.support.clock import FakeClock
from tests.support.database import Database, Template
from tests.support.trust import ISSUER, Trust, trusting

ACCOUNT = AccountId(Randomness().uuid())
TO_IDENTITY = (f"{ISSUER}/identity",)


@pytest_asyncio.fixture(scope="module")
async def database(template: Template) -> AsyncIterator[Database]:
    """One for the module: what these tests write does not meet."""
    async with template.copy() as copy:
        yield copy


@pytest.fixture(scope="module")
def clock() -> FakeClock:
    """One for the module, like the database; it only goes on."""
    return FakeClock()


@pytest_asyncio.fixture(scope="module")
async def recovery(database: Database, clock: FakeClock) -> AsyncIterator[Trust]:
    async with trusting(database, "recovery", clock) as made:
        await made.own_keys.ensure()
        yield made


@pytest_asyncio.fixture(scope="module")
async def identity(database: Database, clock: FakeClock, recovery: Trust) -> AsyncIterator[Trust]:
    async with trusting(database, "identity", clock) as made:
        await made.own_keys.ensure()
        await made.learn_from(recovery)
        yield made


async def granted(by: Trust, clock: FakeClock, **other: Any) -> str:
    return await GrantIssuer(issuer=by.issuer, own_keys=by.own_keys).issue(
        **{
            "jti": Randomness().token(),
            "act": GrantAct.PASSWORD_SET,
            "audience": TO_IDENTITY,
            "account_id": ACCOUNT,
            "security_version": 7,
            "route": "link",
            "now": clock.now(),
            "expires_at": clock.now() + timedelta(hours=1),
            **other,
        }
    )


def checker(of: Trust, service: str = "identity") -> GrantChecker:
    return GrantChecker(issuer=ISSUER, service=service, public_keys=of.public_keys)


async def checked(by: Trust, token: str, clock: FakeClock) -> Grant:
    return await checker(by).check(token, act=GrantAct.PASSWORD_SET, now=clock.now())


async def forged(
    by: Trust, clock: FakeClock, *, typ: str = TYPE, kid: str | None = None, **claims: Any
) -> str:
    """A token signed with one of the service's real keys, whatever it claims."""
    newest = await by.own_keys.current(KeyPurpose.SIGNING, clock.now())
    key = await by.own_keys.find(kid or newest.public.kid)
    made = GrantClaims(
        **{
            "iss": by.issuer,
            "sub": str(ACCOUNT),
            "aud": TO_IDENTITY,
            "jti": "proof-1",
            "iat": signed.numeric_date(clock.now()),
            "exp": signed.numeric_date(clock.now() + timedelta(minutes=5)),
            "act": GrantAct.PASSWORD_SET,
            "sv": 7,
            "route": "link",
            **claims,
        }
    )
    return signed.sign(made, typ=typ, kid=key.public.kid, key=signing_key(key.private))


async def test_the_redeemer_reads_what_the_issuer_wrote(
    recovery: Trust, identity: Trust, clock: FakeClock
) -> None:
    grant = await checked(identity, await granted(recovery, clock, jti="proof-1"), clock)

    assert grant == Grant(
        jti="proof-1",
        issuer=recovery.issuer,
        act=GrantAct.PASSWORD_SET,
        account_id=ACCOUNT,
        security_version=7,
        route="link",
        expires_at=clock.now() + timedelta(minutes=10),
    )


async def test_a_grant_lives_ten_minutes_by_the_clock_passed_in(
    recovery: Trust, identity: Trust, clock: FakeClock
) -> None:
    token = await granted(recovery, clock)

    clock.advance(minutes=9, seconds=59)
    await checked(identity, token, clock)
    clock.advance(seconds=1)
    with pytest.raises(GrantInvalid):
        await checked(identity, token, clock)


async def test_a_grant_never_outlives_its_proof(
    recovery: Trust, identity: Trust, clock: FakeClock
) -> None:
    proof_ends = clock.now() + timedelta(minutes=3)
    grant = await checked(identity, await granted(recovery, clock, expires_at=proof_ends), clock)

    assert grant.expires_at == proof_ends


@pytest.mark.proves("V6.5.1", "V15.4.2")
async def test_of_sixty_four_racers_over_many_connections_one_spends_the_grant(
    database: Database, recovery: Trust, identity: Trust, clock: FakeClock
) -> None:
    token = await granted(recovery, clock, jti="proof-2")
    fetched_again = await granted(recovery, clock, jti="proof-2")
    async with (
        trusting(database, "identity", clock) as second,
        trusting(database, "identity", clock) as third,
    ):
        replicas = (identity, second, third)

        async def redeem(number: int) -> None:
            replica = replicas[number % 3]
            grant = await checked(replica, (token, fetched_again)[number % 2], clock)
            async with replica.database.transaction() as tx:
                await checker(replica).spend(tx, grant, now=clock.now())

        outcomes = await asyncio.gather(*map(redeem, range(64)), return_exceptions=True)

    assert [outcome for outcome in outcomes if outcome is None] == [None]
    assert {type(outcome) for outcome in outcomes if outcome is not None} == {GrantUsed}


async def test_a_spent_grant_whose_effect_was_undone_can_be_spent(
    recovery: Trust, identity: Trust, clock: FakeClock
) -> None:
    grant = await checked(identity, await granted(recovery, clock), clock)
    with pytest.raises(LookupError):  # noqa: PT012 - the transaction is what is undone
        async with identity.database.transaction() as tx:
            await checker(identity).spend(tx, grant, now=clock.now())
            raise LookupError

    async with identity.database.transaction() as tx:
        await checker(identity).spend(tx, grant, now=clock.now())


async def test_two_issuers_may_use_the_same_id_of_a_proof(
    identity: Trust, clock: FakeClock
) -> None:
    async with identity.database.transaction() as tx:
        for issuer in ("a", "b"):
            grant = Grant(
                jti="1",
                issuer=issuer,
                act=GrantAct.PASSWORD_SET,
                account_id=ACCOUNT,
                security_version=1,
                route="link",
                expires_at=clock.now(),
            )
            await checker(identity).spend(tx, grant, now=clock.now())


@pytest.mark.proves("V9.2.3")
async def test_a_grant_for_another_service_is_refused_as_that(
    recovery: Trust, identity: Trust, clock: FakeClock
) -> None:
    for audience in ((f"{ISSUER}/merge",), (), ("identity",), (f"{ISSUER}/identity/",)):
        with pytest.raises(GrantWrongService):
            await checked(identity, await granted(recovery, clock, audience=audience), clock)
    both = await granted(recovery, clock, audience=(f"{ISSUER}/merge", *TO_IDENTITY))
    assert await checked(identity, both, clock)


async def test_a_service_without_the_right_to_an_act_cannot_issue_it(
    identity: Trust, clock: FakeClock
) -> None:
    with pytest.raises(ValueError, match="may not issue"):
        await granted(identity, clock)
    with pytest.raises(GrantWrongAct):
        await checked(identity, await forged(identity, clock), clock)
    elsewhere = await forged(identity, clock, iss="https://elsewhere.example/identity")
    with pytest.raises(GrantInvalid) as refused:
        await checked(identity, elsewhere, clock)
    assert refused.type is GrantInvalid


async def for_a_merge(by: Trust, clock: FakeClock, **other: Any) -> str:
    """A re-authentication, as identity signs it for merge and for itself."""
    return await granted(
        by,
        clock,
        **{
            "act": GrantAct.REAUTHENTICATED,
            "verb": Verb.MERGE,
            "audience": (f"{ISSUER}/merge", *TO_IDENTITY),
            "account_version": 3,
            **other,
        },
    )


@pytest.mark.proves("SE-3")
async def test_a_re_authentication_is_good_for_its_own_verb_alone(
    identity: Trust, clock: FakeClock
) -> None:
    told = checker(identity)
    token = await for_a_merge(identity, clock)
    without = await for_a_merge(identity, clock, verb=None)
    act, now = GrantAct.REAUTHENTICATED, clock.now()

    grant = await told.check(token, act=act, verb=Verb.MERGE, now=now)

    assert (grant.verb, grant.account_version) == (Verb.MERGE, 3)
    for other, verb in ((token, None), (without, Verb.MERGE)):
        with pytest.raises(GrantWrongAct):
            await told.check(other, act=act, verb=verb, now=now)
    with pytest.raises(GrantWrongAct):
        await told.check(token, act=GrantAct.ACCOUNT_OWNED, verb=Verb.MERGE, now=now)


@pytest.mark.proves("MG-9")
async def test_a_grant_that_was_taken_in_time_is_checked_again_but_for_its_expiry(
    identity: Trust, clock: FakeClock
) -> None:
    told = checker(identity)
    token = await for_a_merge(identity, clock)
    elsewhere = await for_a_merge(identity, clock, audience=(f"{ISSUER}/merge",))
    clock.advance(minutes=11)

    with pytest.raises(GrantInvalid):
        await told.check(token, act=GrantAct.REAUTHENTICATED, verb=Verb.MERGE, now=clock.now())
    again: dict[str, Any] = {
        "act": GrantAct.REAUTHENTICATED,
        "verb": Verb.MERGE,
        "now": clock.now(),
    }
    grant = await told.check_again(token, **again)

    assert grant.account_id == ACCOUNT
    with pytest.raises(GrantWrongAct):
        await told.check_again(token, act=GrantAct.ACCOUNT_OWNED, now=clock.now())
    with pytest.raises(GrantWrongAct):
        await told.check_again(token, act=GrantAct.REAUTHENTICATED, now=clock.now())
    with pytest.raises(GrantWrongService):
        await told.check_again(elsewhere, **again)
    with pytest.raises(GrantInvalid):
        await told.check_again(token[:-4] + "AAAA", **again)


@pytest.mark.parametrize(
    ("late", "good"), [({"hours": 71, "minutes": 59}, True), ({"hours": 72}, False)]
)
async def test_no_proof_is_good_for_more_than_72_hours(
    identity: Trust, clock: FakeClock, late: dict[str, int], good: bool
) -> None:
    told = checker(identity)
    token = await for_a_merge(identity, clock)
    clock.advance(**late)

    again = told.check_again(token, act=GrantAct.REAUTHENTICATED, verb=Verb.MERGE, now=clock.now())
    if good:
        assert (await again).account_id == ACCOUNT
    else:
        with pytest.raises(GrantInvalid):
            await again


@pytest.mark.parametrize("ahead", [6, 3600, 86_400 * 365])
async def test_no_proof_comes_before_it_was_given(
    identity: Trust, clock: FakeClock, ahead: int
) -> None:
    signed_at = clock.now() + timedelta(seconds=ahead)
    token = await for_a_merge(
        identity, clock, now=signed_at, expires_at=signed_at + timedelta(minutes=5)
    )

    with pytest.raises(GrantInvalid):
        await checker(identity).check_again(
            token, act=GrantAct.REAUTHENTICATED, verb=Verb.MERGE, now=clock.now()
        )


@pytest.mark.parametrize(("ended", "good"), [(1, True), (0, False), (-3600, False)])
async def test_a_key_that_was_retired_vouches_for_nothing_signed_since(
    template: Template, ended: int, good: bool
) -> None:
    """Who has stolen it may date proofs back: never to where both the key and the proof count."""
    clock = FakeClock()
    async with template.copy() as copy, trusting(copy, "identity", clock) as identity:
        await identity.own_keys.ensure()
        token = await for_a_merge(identity, clock)
        async with identity.database.connection() as connection:
            await connection.execute(
                "UPDATE own_keys SET usable_from = $1, usable_until = $2",
                clock.now() - timedelta(days=1),
                clock.now() + timedelta(seconds=ended),
            )
        clock.advance(hours=71)

        again = checker(identity).check_again(
            token, act=GrantAct.REAUTHENTICATED, verb=Verb.MERGE, now=clock.now()
        )
        if good:
            assert (await again).account_id == ACCOUNT
        else:
            with pytest.raises(GrantInvalid):
                await again


async def test_a_service_cannot_speak_for_another(
    recovery: Trust, identity: Trust, clock: FakeClock
) -> None:
    """Identity's own key, under recovery's name: the key is looked for among recovery's."""
    with pytest.raises(CatchingUp):
        await checked(identity, await forged(identity, clock, iss=recovery.issuer), clock)


@pytest.mark.proves("V9.2.2")
async def test_no_other_kind_of_token_is_a_grant(
    recovery: Trust, identity: Trust, clock: FakeClock
) -> None:
    caller = SessionCaller(
        account_id=ACCOUNT,
        session_id=SessionId(Randomness().uuid()),
        account_version=1,
        scope=SessionScope.FULL,
        auth_time=clock.now(),
        issued_at=clock.now(),
        expires_at=clock.now() + timedelta(minutes=5),
    )
    access_token = await AccessTokenIssuer(
        issuer=identity.issuer, own_keys=identity.own_keys, randomness=Randomness()
    ).for_session(caller)

    kinds = [access_token] + [
        await forged(recovery, clock, typ=typ) for typ in ("at+jwt", "JWT", "", f" {TYPE}")
    ]
    for token in kinds:
        with pytest.raises(GrantInvalid):
            await checked(identity, token, clock)


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": "nobody"},
        {"sv": "7"},
        {"sv": None},
        {"act": "password.read"},
        {"exp": 0},
        {"exp": 1e12},
        {"iat": 1e12},
    ],
)
async def test_claims_that_are_not_ours_are_refused(
    recovery: Trust, identity: Trust, clock: FakeClock, claims: dict[str, Any]
) -> None:
    with pytest.raises(GrantInvalid):
        await checked(identity, await forged(recovery, clock, **claims), clock)


async def test_a_key_whose_time_is_over_vouches_for_nothing(
    template: Template, clock: FakeClock
) -> None:
    async with (
        template.copy() as own,
        trusting(own, "recovery", clock) as recovery,
        trusting(own, "identity", clock) as identity,
    ):
        await recovery.own_keys.ensure()
        stolen = (await recovery.own_keys.current(KeyPurpose.SIGNING, clock.now())).public.kid
        await recovery.own_keys.rotate()
        await recovery.confirmed()
        clock.advance(minutes=10)
        await recovery.own_keys.ensure()
        await identity.learn_from(recovery)

        clock.advance(minutes=59, seconds=59)
        await checked(identity, await forged(recovery, clock, kid=stolen), clock)
        clock.advance(seconds=1)
        with pytest.raises(GrantInvalid):
            await checked(identity, await forged(recovery, clock, kid=stolen), clock)
        await checked(identity, await granted(recovery, clock), clock)


@pytest.mark.parametrize("token", ["", "a.b.c", "a" * 10_000, "\0.\0.\0", "ü.ü.ü"])
async def test_what_is_no_token_is_refused(identity: Trust, clock: FakeClock, token: str) -> None:
    with pytest.raises(GrantInvalid):
        await checked(identity, token, clock)


async def test_a_grant_of_a_key_that_has_not_arrived_is_answered_with_catching_up(
    database: Database, recovery: Trust, clock: FakeClock
) -> None:
    async with trusting(database, "notify", clock) as unaware:
        token = await granted(recovery, clock, audience=(unaware.issuer,))
        with pytest.raises(CatchingUp):
            await checker(unaware, "notify").check(
                token, act=GrantAct.PASSWORD_SET, now=clock.now()
            )


def test_every_act_names_who_may_issue_it() -> None:
    assert set(MAY_ISSUE) == set(GrantAct)
    assert MAY_ISSUE[GrantAct.PASSWORD_SET] == {"recovery"}
    assert MAY_ISSUE[GrantAct.ACCOUNT_OWNED] == MAY_ISSUE[GrantAct.REAUTHENTICATED] == {"identity"}
