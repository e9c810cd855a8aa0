"""Clients and libraries of another make agree with us: OAuth by Authlib, JWTs by joserfc.

Both know the standards, and nothing of ours (RFC 6749, 7515, 7517, 7519, 7662, 9068).
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.errors import ExpiredTokenError, JoseError
from joserfc.jwk import KeySet, OctKey, OKPKey

from tests.rigs.identity import Identity
from tests.support.trust import ISSUER

# SE-1 has EdDSA (RFC 8037); RFC 9864 deprecates the name for `Ed25519`, and libraries warn of it.
pytestmark = pytest.mark.filterwarnings("ignore:.*is deprecated.*:joserfc.errors.SecurityWarning")
ALGORITHMS = ["EdDSA"]
WAYS = ("client_secret_basic", "client_secret_post")


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Over the loopback without TLS, which Authlib refuses elsewhere."""
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """One that only knows addresses, its id and its secret; a thread of its own does its calls."""

    identity: Identity
    session: OAuth2Session

    async def token(self) -> dict[str, Any]:
        url = self.url("/oauth/token")
        return dict(await asyncio.to_thread(self.session.fetch_token, url, timeout=20))

    async def get(self, path: str) -> int:
        reply = await asyncio.to_thread(self.session.get, self.url(path), timeout=20)
        return int(reply.status_code)

    async def introspected(self, token: str) -> dict[str, Any]:
        reply = await asyncio.to_thread(
            self.session.introspect_token, self.url("/oauth/introspect"), token=token, timeout=20
        )
        return dict(reply.json())

    async def revokes(self, token: str) -> int:
        reply = await asyncio.to_thread(
            self.session.revoke_token, self.url("/sessions/revoke"), token=token, timeout=20
        )
        return int(reply.status_code)

    def url(self, path: str) -> str:
        return str(self.identity.client.make_url(path))


def client_of(identity: Identity, client: tuple[str, str], way: str, scope: str = "") -> Client:
    client_id, secret = client
    session = OAuth2Session(
        client_id,
        secret,
        token_endpoint_auth_method=way,
        grant_type="client_credentials",
        scope=scope or None,
    )
    return Client(identity=identity, session=session)


async def a_gateway(identity: Identity) -> tuple[str, str]:
    made = await identity.features.practices.practices.add_gateway("a", by=identity.operator())
    return made.client_id, made.secret


async def published(identity: Identity) -> KeySet:
    """The keys as a library takes them."""
    document = (await identity.call("GET", "/.well-known/jwks.json")).body
    return KeySet.import_key_set(document)


async def access_token(identity: Identity) -> str:
    return str((await identity.logged_on())["access_token"])


def registry(identity: Identity, **options: Any) -> jwt.JWTClaimsRegistry:
    """What RFC 9068 4 has a resource server look at."""
    return jwt.JWTClaimsRegistry(
        now=int(identity.clock.now().timestamp()),
        iss={"essential": True, "value": f"{ISSUER}/identity"},
        aud={"essential": True, "value": "portico"},
        exp={"essential": True},
        sub={"essential": True},
        **options,
    )


@pytest.mark.proves("ST-1")
@pytest.mark.parametrize("way", WAYS)
async def test_its_client_credentials_get_a_token_that_opens_what_its_scope_says(
    identity: Identity, way: str
) -> None:
    client = client_of(identity, await identity.a_practice_client(), way, "settings:read")

    token = await client.token()

    assert (token["token_type"], token["scope"]) == ("Bearer", "settings:read")
    assert await client.get("/practice/settings") == 200
    assert await client.get("/practice/client") == 403


@pytest.mark.proves("ST-1")
@pytest.mark.parametrize("way", WAYS)
async def test_it_understands_why_it_is_refused(identity: Identity, way: str) -> None:
    client_id, secret = await identity.a_practice_client()

    refused = []
    for client, scope in (((client_id, "wrong"), ""), ((client_id, secret), "introspect")):
        with pytest.raises(OAuthError) as told:
            await client_of(identity, client, way, scope).token()
        refused.append(told.value.error)

    assert refused == ["invalid_client", "invalid_scope"]


@pytest.mark.proves("SE-1")
async def test_it_introspects_by_its_own_credentials(identity: Identity) -> None:
    gateway = client_of(identity, await a_gateway(identity), "client_secret_basic")
    session = await identity.logged_on()

    before = await gateway.introspected(session["access_token"])
    await identity.call(
        "DELETE", f"/sessions/{session['session_id']}", token=session["access_token"]
    )
    after = await gateway.introspected(session["access_token"])

    assert (before["active"], before["sid"]) == (True, session["session_id"])
    assert after == {"active": False}


@pytest.mark.proves("SE-1")
@pytest.mark.parametrize("way", [*WAYS, "none"])
async def test_it_revokes_a_session_by_its_refresh_token(identity: Identity, way: str) -> None:
    gateway = client_of(identity, await a_gateway(identity), way)
    session = await identity.logged_on()

    told = [await gateway.revokes(token) for token in (session["refresh_token"], "A" * 43)]

    assert told == [200, 200]
    assert (await identity.refresh(session["refresh_token"])).code == "refresh_invalid"


@pytest.mark.proves("SE-1", "V9.1.1", "V9.2.1")
async def test_a_library_checks_our_tokens_by_the_published_keys_and_their_claims(
    identity: Identity,
) -> None:
    token, keys = await access_token(identity), await published(identity)

    read = jwt.decode(token, keys, algorithms=ALGORITHMS)

    assert read.header["typ"] == "at+jwt"
    registry(identity).validate(read.claims)
    identity.clock.advance(seconds=300)
    with pytest.raises(ExpiredTokenError):
        registry(identity).validate(read.claims)


@pytest.mark.proves("SE-1", "ST-3")
async def test_tokens_of_before_and_after_a_rotation_are_checked_by_one_key_set(
    identity: Identity,
) -> None:
    before = await access_token(identity)
    await identity.own_keys.rotate(identity.own_keys.purposes[0], by=identity.operator())
    await identity.trust.confirmed()
    keys = await published(identity)
    identity.clock.advance(minutes=11)

    after = await access_token(identity)

    kids = [jwt.decode(one, keys, algorithms=ALGORITHMS).header["kid"] for one in (before, after)]
    assert len(set(kids)) == 2


def forged(token: str, keys: KeySet) -> Iterator[str]:
    """The same claims under a signature that anybody can make."""
    read = jwt.decode(token, keys, algorithms=ALGORITHMS)
    header, claims = {"typ": "at+jwt", "kid": read.header["kid"]}, read.claims
    own = OKPKey.generate_key("Ed25519")
    yield jwt.encode({**header, "alg": "EdDSA"}, claims, own, algorithms=["EdDSA"])
    public = OctKey.import_key(str(keys.get_by_kid(header["kid"]).as_dict(private=False)["x"]))
    yield jwt.encode({**header, "alg": "HS256"}, claims, public, algorithms=["HS256"])
    unsigned = {**header, "alg": "none"}
    yield jwt.encode(unsigned, claims, public, algorithms=["none"])


@pytest.mark.proves("SE-1", "V9.1.2")
async def test_what_a_library_forges_is_refused_here_as_it_is_there(identity: Identity) -> None:
    token, keys = await access_token(identity), await published(identity)

    for fake in forged(token, keys):
        assert (await identity.call("GET", "/account", token=fake)).status == 401
        with pytest.raises(JoseError):
            jwt.decode(fake, keys, algorithms=ALGORITHMS)
    assert (await identity.call("GET", "/account", token=token)).status == 200
