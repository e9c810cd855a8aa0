"""Access tokens: whole to the microsecond, of one type and audience, void with their session."""

import base64
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from shared.contracts.ids import AccountId, PracticeId, SessionId
from shared.contracts.keys import KeyPurpose
from shared.contracts.reach import Service, SessionScope
from shared.errors import CatchingUp
from shared.randomness import Randomness
from shared.trust import ciphers, signed
from shared.trust.access import (
    AUDIENCE,
    TYPE,
    AccessTokenInvalid,
    AccessTokenIssuer,
    AccessTokens,
    ClientCaller,
    SessionCaller,
    StreamGuard,
    TokenStale,
    audience,
)
from shared.trust.grants import GrantAct, GrantIssuer
from tests.support.clock import FakeClock
from tests.support.database import Database, Template
from tests.support.trust import ISSUER, Trust, trusting

SE_1 = pytest.mark.proves("SE-1")
SE_4 = pytest.mark.proves("SE-4")
RANDOMNESS = Randomness()


@dataclass(slots=True)
class Stream:
    """What a replica has heard, set by hand."""

    ended: dict[SessionId, datetime | None]
    is_fresh: bool = True

    def is_void(self, session_id: SessionId, issued_at: datetime) -> bool:
        not_before = self.ended.get(session_id, datetime.min.replace(tzinfo=issued_at.tzinfo))
        return not_before is None or issued_at < not_before

    def fresh(self) -> bool:
        return self.is_fresh


@pytest.fixture
def stream() -> Stream:
    return Stream({})


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
async def identity(database: Database, clock: FakeClock) -> AsyncIterator[Trust]:
    async with trusting(database, "identity", clock) as made:
        await made.own_keys.ensure()
        yield made


@pytest_asyncio.fixture(scope="module")
async def recovery(database: Database, clock: FakeClock, identity: Trust) -> AsyncIterator[Trust]:
    async with trusting(database, "recovery", clock) as made:
        await made.own_keys.ensure()
        await made.learn_from(identity)
        yield made


@pytest.fixture
def tokens(recovery: Trust, stream: Stream) -> AccessTokens:
    """As recovery checks them."""
    return AccessTokens(
        issuer=ISSUER,
        service="recovery",
        public_keys=recovery.public_keys,
        sessions=StreamGuard(stream),
    )


def issuer(identity: Trust) -> AccessTokenIssuer:
    return AccessTokenIssuer(
        issuer=identity.issuer, own_keys=identity.own_keys, randomness=RANDOMNESS
    )


def a_caller(clock: FakeClock) -> SessionCaller:
    return SessionCaller(
        account_id=AccountId(RANDOMNESS.uuid()),
        session_id=SessionId(RANDOMNESS.uuid()),
        account_version=12,
        scope=SessionScope.GATES,
        auth_time=clock.now() - timedelta(minutes=9, microseconds=1),
        issued_at=clock.now(),
        expires_at=clock.now() + timedelta(minutes=5),
    )


@SE_1
@pytest.mark.parametrize("microseconds", [0, 1, 499_999, 999_999])
async def test_a_session_s_token_says_who_to_the_microsecond(
    identity: Trust, tokens: AccessTokens, clock: FakeClock, microseconds: int
) -> None:
    now = clock.advance(seconds=1).replace(microsecond=microseconds)
    caller = replace(a_caller(clock), issued_at=now, expires_at=now + timedelta(minutes=5))

    found = await tokens.check(await issuer(identity).for_session(caller), now=now)

    assert found == caller


@pytest.mark.parametrize("practice_id", [None, PracticeId(RANDOMNESS.uuid())])
@pytest.mark.parametrize("scopes", [frozenset[str](), frozenset({"patients:write", "introspect"})])
async def test_a_client_s_token_says_its_practice_and_scopes(
    identity: Trust,
    tokens: AccessTokens,
    clock: FakeClock,
    practice_id: PracticeId | None,
    scopes: frozenset[str],
) -> None:
    caller = ClientCaller(client_id="c1", practice_id=practice_id, scopes=scopes)

    token = await issuer(identity).for_client(caller, now=clock.now())

    assert await tokens.check(token, now=clock.now()) == caller


@SE_4
async def test_a_token_for_nobody_we_know_is_good_nowhere(
    identity: Trust, tokens: AccessTokens, clock: FakeClock
) -> None:
    caller = replace(a_caller(clock), audience=audience(ISSUER, "billing"))
    token = await issuer(identity).for_session(caller)

    for read in (tokens.check, tokens.inspect):
        with pytest.raises(AccessTokenInvalid):
            await read(token, now=clock.now())


@SE_4
async def test_one_token_for_all_or_one_for_each_service_named(
    identity: Trust, clock: FakeClock
) -> None:
    async def sign(named: str) -> str:
        return f"for {named}"

    everywhere = await issuer(identity).for_each((), sign)
    two = await issuer(identity).for_each((Service.NOTIFY, Service.MERGE), sign)

    assert (everywhere.first, everywhere.each) == (f"for {AUDIENCE}", {})
    assert two.first == f"for {ISSUER}/notify"
    assert two.each == {"notify": f"for {ISSUER}/notify", "merge": f"for {ISSUER}/merge"}


class ClaimsOfBefore(signed.Claims, frozen=True, kw_only=True):
    """A person's as they were before tokens said what a session may do."""

    client_id: str
    sid: UUID
    av: int


@SE_4
async def test_a_token_of_before_is_a_full_one_and_vouches_for_nobody(
    identity: Trust, tokens: AccessTokens, clock: FakeClock
) -> None:
    caller = a_caller(clock)
    key = await identity.own_keys.current(KeyPurpose.SIGNING, clock.now())
    claims = ClaimsOfBefore(
        iss=identity.issuer,
        sub=str(caller.account_id),
        aud=(AUDIENCE,),
        jti="1",
        iat=signed.numeric_date(caller.issued_at),
        exp=signed.numeric_date(caller.expires_at),
        client_id="portal",
        sid=caller.session_id,
        av=caller.account_version,
    )
    token = signed.sign(claims, typ=TYPE, kid=key.public.kid, key=ciphers.signing_key(key.private))

    found = await tokens.check(token, now=clock.now())

    long_ago = datetime(1970, 1, 1, tzinfo=UTC)
    assert found == replace(caller, scope=SessionScope.FULL, auth_time=long_ago)


@SE_4
async def test_a_scope_of_a_newer_identity_opens_nothing(
    identity: Trust, tokens: AccessTokens, clock: FakeClock
) -> None:
    newer: Any = "everything"
    token = await issuer(identity).for_session(replace(a_caller(clock), scope=newer))

    with pytest.raises(AccessTokenInvalid):
        await tokens.check(token, now=clock.now())


@pytest.mark.proves("V9.2.1")
async def test_a_token_ends_after_five_minutes_by_the_clock_passed_in(
    identity: Trust, tokens: AccessTokens, clock: FakeClock
) -> None:
    token = await issuer(identity).for_session(a_caller(clock))

    await tokens.check(token, now=clock.advance(minutes=4, seconds=59.999999))
    with pytest.raises(AccessTokenInvalid):
        await tokens.check(token, now=clock.advance(seconds=0.000001))


async def test_no_token_lives_longer_whoever_signs_it(
    identity: Trust, tokens: AccessTokens, clock: FakeClock
) -> None:
    caller = replace(a_caller(clock), expires_at=clock.now() + timedelta(minutes=6))
    token = await issuer(identity).for_session(caller)

    with pytest.raises(AccessTokenInvalid):
        await tokens.check(token, now=clock.now())


@pytest.mark.proves("V9.2.2")
async def test_a_grant_is_no_access_token(
    recovery: Trust, identity: Trust, tokens: AccessTokens, clock: FakeClock
) -> None:
    grant = await GrantIssuer(issuer=recovery.issuer, own_keys=recovery.own_keys).issue(
        jti="1",
        act=GrantAct.PASSWORD_SET,
        audience=("portico", f"{ISSUER}/identity"),
        subject=RANDOMNESS.uuid(),
        security_version=1,
        route="link",
        now=clock.now(),
        expires_at=clock.now() + timedelta(minutes=5),
    )

    with pytest.raises(AccessTokenInvalid):
        await tokens.check(grant, now=clock.now())


async def test_only_identity_makes_access_tokens(
    recovery: Trust, tokens: AccessTokens, clock: FakeClock
) -> None:
    theirs = await issuer(recovery).for_session(a_caller(clock))

    with pytest.raises(AccessTokenInvalid):
        await tokens.check(theirs, now=clock.now())


@SE_1
async def test_a_token_of_an_ended_session_is_invalid(
    identity: Trust, tokens: AccessTokens, stream: Stream, clock: FakeClock
) -> None:
    caller = a_caller(clock)
    token = await issuer(identity).for_session(caller)

    stream.ended[caller.session_id] = None

    with pytest.raises(AccessTokenInvalid):
        await tokens.check(token, now=clock.now())


async def test_a_not_before_cuts_between_two_tokens_a_microsecond_apart(
    identity: Trust, tokens: AccessTokens, stream: Stream, clock: FakeClock
) -> None:
    older = a_caller(clock)
    newer = replace(older, issued_at=older.issued_at + timedelta(microseconds=1))
    stream.ended[older.session_id] = newer.issued_at

    with pytest.raises(AccessTokenInvalid):
        await tokens.check(await issuer(identity).for_session(older), now=clock.now())
    assert await tokens.check(await issuer(identity).for_session(newer), now=clock.now()) == newer


async def test_while_the_stream_is_quiet_only_young_tokens_are_taken(
    identity: Trust, tokens: AccessTokens, stream: Stream, clock: FakeClock
) -> None:
    token = await issuer(identity).for_session(a_caller(clock))
    stream.is_fresh = False

    await tokens.check(token, now=clock.advance(seconds=30))
    with pytest.raises(TokenStale):
        await tokens.check(token, now=clock.advance(seconds=0.000001))

    stream.is_fresh = True
    await tokens.check(token, now=clock.now())


async def test_a_client_s_token_needs_no_stream(
    identity: Trust, tokens: AccessTokens, stream: Stream, clock: FakeClock
) -> None:
    caller = ClientCaller(client_id="c1", practice_id=None, scopes=frozenset())
    token = await issuer(identity).for_client(caller, now=clock.now())
    stream.is_fresh = False

    assert await tokens.check(token, now=clock.advance(minutes=4)) == caller


async def test_tokens_of_the_key_before_are_taken_while_keys_rotate(
    identity: Trust, recovery: Trust, tokens: AccessTokens, clock: FakeClock
) -> None:
    await identity.own_keys.rotate()
    await recovery.learn_from(identity)
    await identity.confirmed()
    await identity.own_keys.ensure()
    clock.advance(minutes=9, seconds=59)
    before = await issuer(identity).for_session(a_caller(clock))
    clock.advance(seconds=2)
    after = await issuer(identity).for_session(a_caller(clock))

    assert signed.inspect(before, typ=TYPE).kid != signed.inspect(after, typ=TYPE).kid
    for token in (before, after):
        assert await tokens.check(token, now=clock.now())


@SE_1
async def test_what_a_revoked_key_signed_is_refused_as_soon_as_that_is_heard(
    identity: Trust, recovery: Trust, tokens: AccessTokens, clock: FakeClock
) -> None:
    token = await issuer(identity).for_session(a_caller(clock))
    await tokens.check(token, now=clock.now())

    await identity.own_keys.revoke(signed.inspect(token, typ=TYPE).kid)
    await recovery.learn_from(identity)
    await recovery.public_keys.once()  # the loop's, each second

    with pytest.raises(AccessTokenInvalid):
        await tokens.check(token, now=clock.now())
    fresh = await issuer(identity).for_session(a_caller(clock))
    assert await tokens.check(fresh, now=clock.now())


@SE_1
async def test_a_token_under_a_made_up_key_is_catching_up_once_and_refused_after_that(
    identity: Trust, recovery: Trust, tokens: AccessTokens, clock: FakeClock
) -> None:
    forged = await forged_kid(identity, clock, "made-up-1")
    with pytest.raises(CatchingUp):
        await tokens.check(forged, now=clock.now())

    for _ in range(3):
        with pytest.raises(AccessTokenInvalid):
            await tokens.check(forged, now=clock.now())


async def forged_kid(identity: Trust, clock: FakeClock, kid: str) -> str:
    """A real token but for the key that its header names."""
    token = await issuer(identity).for_session(a_caller(clock))
    head, payload, signature = token.split(".")
    header = json.loads(base64.urlsafe_b64decode(head + "=="))
    changed = base64.urlsafe_b64encode(json.dumps({**header, "kid": kid}).encode())
    return f"{changed.rstrip(b'=').decode()}.{payload}.{signature}"
