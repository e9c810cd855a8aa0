"""Grants: the right issuer, act, audience and moment; and each proof is spent once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
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
from tests.support.database import Database
from tests.support.trust import ISSUER, Trust, trusting

ACCOUNT = AccountId(Randomness().uuid())
TO_IDENTITY = (f"{ISSUER}/identity",)


@pytest_asyncio.fixture(scope="module")
async def recovery(one_database: Database, one_clock: FakeClock) -> AsyncIterator[Trust]:
    async with trusting(one_database, "recovery", one_clock) as made:
        await made.own_keys.ensure()
        yield made


@pytest_asyncio.fixture(scope="module")
async def identity(
    one_database: Database, one_clock: FakeClock, recovery: Trust
) -> AsyncIterator[Trust]:
    async with trusting(one_database, "identity", one_clock) as made:
        await made.own_keys.ensure()
        await made.learn_from(recovery)
        yield made


@dataclass(frozen=True, slots=True, kw_only=True)
class Parties:
    """Who issues grants, and identity, which redeems them and issues its own."""

    recovery: Trust
    identity: Trust
    clock: FakeClock

    async def granted(self, by: Trust | None = None, **other: Any) -> str:
        """A grant for a new password, of recovery's unless said otherwise."""
        issuer, now = by or self.recovery, self.clock.now()
        return await GrantIssuer(issuer=issuer.issuer, own_keys=issuer.own_keys).issue(
            **{
                "jti": Randomness().token(),
                "act": GrantAct.PASSWORD_SET,
                "audience": TO_IDENTITY,
                "subject": ACCOUNT,
                "security_version": 7,
                "route": "link",
                "now": now,
                "expires_at": now + timedelta(hours=1),
                **other,
            }
        )

    async def for_a_merge(self, **other: Any) -> str:
        """A re-authentication, as identity signs it for merge and for itself."""
        said = {"act": GrantAct.REAUTHENTICATED, "verb": Verb.MERGE, "account_version": 3}
        audience = (f"{ISSUER}/merge", *TO_IDENTITY)
        return await self.granted(self.identity, **{**said, "audience": audience, **other})

    async def forged(
        self, by: Trust | None = None, *, typ: str = TYPE, kid: str | None = None, **claims: Any
    ) -> str:
        """A token signed with one of the service's real keys, whatever it claims."""
        issuer, now = by or self.recovery, self.clock.now()
        newest = await issuer.own_keys.current(KeyPurpose.SIGNING, now)
        key = await issuer.own_keys.find(kid or newest.public.kid)
        made = GrantClaims(
            **{
                "iss": issuer.issuer,
                "sub": str(ACCOUNT),
                "aud": TO_IDENTITY,
                "jti": "proof-1",
                "iat": signed.numeric_date(now),
                "exp": signed.numeric_date(now + timedelta(minutes=5)),
                "act": GrantAct.PASSWORD_SET,
                "sv": 7,
                "route": "link",
                **claims,
            }
        )
        return signed.sign(made, typ=typ, kid=key.public.kid, key=signing_key(key.private))

    async def checked(self, token: str, by: Trust | None = None) -> Grant:
        """Check it as a grant for a new password."""
        told = checker(by or self.identity)
        return await told.check(token, act=GrantAct.PASSWORD_SET, now=self.clock.now())

    async def check_again(self, token: str, **other: Any) -> Grant:
        """Check what was taken in time as a re-authentication for a merge."""
        asked = {"act": GrantAct.REAUTHENTICATED, "verb": Verb.MERGE, "now": self.clock.now()}
        return await checker(self.identity).check_again(token, **{**asked, **other})


@pytest.fixture
def parties(recovery: Trust, identity: Trust, one_clock: FakeClock) -> Parties:
    return Parties(recovery=recovery, identity=identity, clock=one_clock)


def checker(of: Trust, service: str = "identity") -> GrantChecker:
    return GrantChecker(issuer=ISSUER, service=service, public_keys=of.public_keys)


def refused_unless(good: bool) -> AbstractContextManager[Any]:
    return nullcontext() if good else pytest.raises(GrantInvalid)


async def test_the_redeemer_reads_what_the_issuer_wrote(parties: Parties) -> None:
    grant = await parties.checked(await parties.granted(jti="proof-1"))

    assert grant == Grant(
        jti="proof-1",
        issuer=parties.recovery.issuer,
        act=GrantAct.PASSWORD_SET,
        subject=ACCOUNT,
        security_version=7,
        route="link",
        expires_at=parties.clock.now() + timedelta(minutes=10),
    )


async def test_a_grant_lives_ten_minutes_by_the_clock_passed_in(parties: Parties) -> None:
    token = await parties.granted()

    parties.clock.advance(minutes=9, seconds=59)
    await parties.checked(token)
    parties.clock.advance(seconds=1)
    with pytest.raises(GrantInvalid):
        await parties.checked(token)


async def test_a_grant_never_outlives_its_proof(parties: Parties) -> None:
    proof_ends = parties.clock.now() + timedelta(minutes=3)

    grant = await parties.checked(await parties.granted(expires_at=proof_ends))

    assert grant.expires_at == proof_ends


@pytest.mark.proves("V6.5.1", "V15.4.2")
async def test_of_sixty_four_racers_over_many_connections_one_spends_the_grant(
    one_database: Database, parties: Parties
) -> None:
    clock = parties.clock
    token, fetched_again = [await parties.granted(jti="proof-2") for _ in range(2)]
    async with (
        trusting(one_database, "identity", clock) as second,
        trusting(one_database, "identity", clock) as third,
    ):
        replicas = (parties.identity, second, third)

        async def redeem(number: int) -> None:
            replica = replicas[number % 3]
            grant = await parties.checked((token, fetched_again)[number % 2], replica)
            async with replica.database.transaction() as tx:
                await checker(replica).spend(tx, grant, now=clock.now())

        outcomes = await asyncio.gather(*map(redeem, range(64)), return_exceptions=True)

    assert [outcome for outcome in outcomes if outcome is None] == [None]
    assert {type(outcome) for outcome in outcomes if outcome is not None} == {GrantUsed}


async def test_a_spent_grant_whose_effect_was_undone_can_be_spent(parties: Parties) -> None:
    identity, now = parties.identity, parties.clock.now()
    grant = await parties.checked(await parties.granted())
    with pytest.raises(LookupError):  # noqa: PT012 - the transaction is what is undone
        async with identity.database.transaction() as tx:
            await checker(identity).spend(tx, grant, now=now)
            raise LookupError

    async with identity.database.transaction() as tx:
        await checker(identity).spend(tx, grant, now=now)


async def test_two_issuers_may_use_the_same_id_of_a_proof(parties: Parties) -> None:
    grant = await parties.checked(await parties.granted())
    async with parties.identity.database.transaction() as tx:
        for issuer in ("a", "b"):
            await checker(parties.identity).spend(
                tx, replace(grant, issuer=issuer), now=parties.clock.now()
            )


@pytest.mark.proves("V9.2.3")
async def test_a_grant_for_another_service_is_refused_as_that(parties: Parties) -> None:
    for audience in ((f"{ISSUER}/merge",), (), ("identity",), (f"{ISSUER}/identity/",)):
        with pytest.raises(GrantWrongService):
            await parties.checked(await parties.granted(audience=audience))
    both = await parties.granted(audience=(f"{ISSUER}/merge", *TO_IDENTITY))
    assert await parties.checked(both)


async def test_a_service_without_the_right_to_an_act_cannot_issue_it(parties: Parties) -> None:
    identity = parties.identity
    with pytest.raises(ValueError, match="may not issue"):
        await parties.granted(identity)
    with pytest.raises(GrantWrongAct):
        await parties.checked(await parties.forged(identity))
    elsewhere = await parties.forged(identity, iss="https://elsewhere.example/identity")
    with pytest.raises(GrantInvalid) as refused:
        await parties.checked(elsewhere)
    assert refused.type is GrantInvalid


@pytest.mark.proves("SE-3")
async def test_a_re_authentication_is_good_for_its_own_verb_alone(parties: Parties) -> None:
    told = checker(parties.identity)
    token = await parties.for_a_merge()
    without = await parties.for_a_merge(verb=None)
    act, now = GrantAct.REAUTHENTICATED, parties.clock.now()

    grant = await told.check(token, act=act, verb=Verb.MERGE, now=now)

    assert (grant.verb, grant.account_version) == (Verb.MERGE, 3)
    for other, verb in ((token, None), (without, Verb.MERGE)):
        with pytest.raises(GrantWrongAct):
            await told.check(other, act=act, verb=verb, now=now)
    with pytest.raises(GrantWrongAct):
        await told.check(token, act=GrantAct.ACCOUNT_OWNED, verb=Verb.MERGE, now=now)


@pytest.mark.proves("MG-9")
async def test_a_grant_taken_in_time_is_checked_again_but_for_its_expiry(parties: Parties) -> None:
    token = await parties.for_a_merge()
    elsewhere = await parties.for_a_merge(audience=(f"{ISSUER}/merge",))
    now = parties.clock.advance(minutes=11)

    with pytest.raises(GrantInvalid):
        await checker(parties.identity).check(
            token, act=GrantAct.REAUTHENTICATED, verb=Verb.MERGE, now=now
        )

    assert (await parties.check_again(token)).account_id == ACCOUNT
    with pytest.raises(GrantWrongAct):
        await parties.check_again(token, act=GrantAct.ACCOUNT_OWNED, verb=None)
    with pytest.raises(GrantWrongAct):
        await parties.check_again(token, verb=None)
    with pytest.raises(GrantWrongService):
        await parties.check_again(elsewhere)
    with pytest.raises(GrantInvalid):
        await parties.check_again(token[:-4] + "AAAA")


@pytest.mark.parametrize(
    ("late", "good"), [({"hours": 71, "minutes": 59}, True), ({"hours": 72}, False)]
)
async def test_no_proof_is_good_for_more_than_72_hours(
    parties: Parties, late: dict[str, int], good: bool
) -> None:
    token = await parties.for_a_merge()
    parties.clock.advance(**late)

    with refused_unless(good):
        assert (await parties.check_again(token)).account_id == ACCOUNT


@pytest.mark.parametrize("ahead", [6, 3600, 86_400 * 365])
async def test_no_proof_comes_before_it_was_given(parties: Parties, ahead: int) -> None:
    signed_at = parties.clock.now() + timedelta(seconds=ahead)
    token = await parties.for_a_merge(now=signed_at, expires_at=signed_at + timedelta(minutes=5))

    with pytest.raises(GrantInvalid):
        await parties.check_again(token)


@pytest.mark.parametrize(("ended", "good"), [(1, True), (0, False), (-3600, False)])
async def test_a_key_that_was_retired_vouches_for_nothing_signed_since(
    database: Database, clock: FakeClock, ended: int, good: bool
) -> None:
    """Who has stolen it may date proofs back: never to where both the key and the proof count."""
    async with trusting(database, "identity", clock) as identity:
        parties = Parties(recovery=identity, identity=identity, clock=clock)
        await identity.own_keys.ensure()
        token = await parties.for_a_merge()
        async with identity.database.connection() as connection:
            await connection.execute(
                "UPDATE own_keys SET usable_from = $1, usable_until = $2",
                clock.now() - timedelta(days=1),
                clock.now() + timedelta(seconds=ended),
            )
        clock.advance(hours=71)

        with refused_unless(good):
            assert (await parties.check_again(token)).account_id == ACCOUNT


async def test_a_service_cannot_speak_for_another(parties: Parties) -> None:
    """Identity's own key, under recovery's name: the key is looked for among recovery's."""
    forged = await parties.forged(parties.identity, iss=parties.recovery.issuer)

    with pytest.raises(CatchingUp):
        await parties.checked(forged)


@pytest.mark.proves("V9.2.2")
async def test_no_other_kind_of_token_is_a_grant(parties: Parties) -> None:
    identity, now = parties.identity, parties.clock.now()
    caller = SessionCaller(
        account_id=ACCOUNT,
        session_id=SessionId(Randomness().uuid()),
        account_version=1,
        scope=SessionScope.FULL,
        auth_time=now,
        issued_at=now,
        expires_at=now + timedelta(minutes=5),
    )
    access_token = await AccessTokenIssuer(
        issuer=identity.issuer, own_keys=identity.own_keys, randomness=Randomness()
    ).for_session(caller)

    kinds = [await parties.forged(typ=typ) for typ in ("at+jwt", "JWT", "", f" {TYPE}")]
    for token in (access_token, *kinds):
        with pytest.raises(GrantInvalid):
            await parties.checked(token)


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
    parties: Parties, claims: dict[str, Any]
) -> None:
    with pytest.raises(GrantInvalid):
        await parties.checked(await parties.forged(**claims))


async def test_a_key_that_is_over_vouches_for_nothing(database: Database, clock: FakeClock) -> None:
    async with (
        trusting(database, "recovery", clock) as recovery,
        trusting(database, "identity", clock) as identity,
    ):
        parties = Parties(recovery=recovery, identity=identity, clock=clock)
        await recovery.own_keys.ensure()
        stolen = (await recovery.own_keys.current(KeyPurpose.SIGNING, clock.now())).public.kid
        await recovery.own_keys.rotate()
        await recovery.confirmed()
        clock.advance(minutes=10)
        await recovery.own_keys.ensure()
        await identity.learn_from(recovery)

        clock.advance(minutes=59, seconds=59)
        await parties.checked(await parties.forged(kid=stolen))
        clock.advance(seconds=1)
        with pytest.raises(GrantInvalid):
            await parties.checked(await parties.forged(kid=stolen))
        await parties.checked(await parties.granted())


async def test_a_grant_of_a_key_that_has_not_arrived_is_answered_with_catching_up(
    one_database: Database, parties: Parties
) -> None:
    async with trusting(one_database, "notify", parties.clock) as unaware:
        token = await parties.granted(audience=(unaware.issuer,))
        with pytest.raises(CatchingUp):
            await checker(unaware, "notify").check(
                token, act=GrantAct.PASSWORD_SET, now=parties.clock.now()
            )


def test_every_act_names_who_may_issue_it() -> None:
    assert set(MAY_ISSUE) == set(GrantAct)
    assert MAY_ISSUE[GrantAct.PASSWORD_SET] == {"recovery"}
    assert MAY_ISSUE[GrantAct.ACCOUNT_OWNED] == MAY_ISSUE[GrantAct.REAUTHENTICATED] == {"identity"}
