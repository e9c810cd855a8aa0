"""OAuth's own verbs: client tokens (ST-1), introspection and signing keys (SE-1)."""

import asyncio
import base64
from collections import Counter
from uuid import UUID

import pytest
from jwt import PyJWK, PyJWS

from tests.rigs.identity import Identity

SCOPES = (
    "accounts:thaw accounts:unlock clients:read clients:write communications:write "
    "deliveries:read emails:waive enrolments:write merges:read merges:review patients:read "
    "patients:write reset-tokens:write settings:read settings:write tokens:read tokens:write "
    "two-steps:reset usernames:read"
)


def basic(client_id: str, secret: str) -> dict[str, str]:
    pair = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
    return {"Authorization": f"Basic {pair}"}


@pytest.mark.proves("ST-1")
async def test_a_practices_client_gets_a_token_for_all_its_scopes(identity: Identity) -> None:
    client_id, secret = await identity.a_practice_client()

    in_body = await identity.client_token(client_id, secret)
    in_header = await identity.call(
        "POST",
        "/oauth/token",
        form={"grant_type": "client_credentials"},
        headers=basic(client_id, secret),
    )

    assert (in_body.status, in_header.status) == (200, 200)
    for answer in (in_body, in_header):
        told = {k: v for k, v in answer.body.items() if k != "access_token"}
        assert told == {"token_type": "Bearer", "expires_in": 300, "scope": SCOPES}
        assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.proves("ST-1")
@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "nobody"}, 401, "invalid_client"),
        ({"client_id": ""}, 401, "invalid_client"),
        ({"scope": "introspect"}, 400, "invalid_scope"),
        ({"scope": "patients:write everything"}, 400, "invalid_scope"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": ""}, 400, "invalid_request"),
    ],
)
async def test_a_refusal_is_told_as_the_standard_has_it(
    identity: Identity, form: dict[str, str], status: int, error: str
) -> None:
    client_id, secret = await identity.a_practice_client()
    whole = {
        "grant_type": "client_credentials",
        "client_id": client_id,
        "client_secret": secret,
    } | form

    answer = await identity.call("POST", "/oauth/token", form=whole)

    assert (answer.status, answer.body["error"]) == (status, error)
    assert answer.body["error_description"]
    assert answer.headers["Content-Type"].startswith("application/json")
    assert status != 401 or answer.headers["WWW-Authenticate"].startswith("Basic")


@pytest.mark.proves("SE-1", "V9.1.1")
async def test_access_tokens_are_checked_offline_by_the_published_keys(
    identity: Identity,
) -> None:
    person = await identity.an_account()
    token = (await identity.log_on(person.username)).body["access_token"]

    keys = (await identity.call("GET", "/.well-known/jwks.json")).body["keys"]

    (key,) = keys
    assert {k: key[k] for k in ("kty", "crv", "alg", "use")} == {
        "kty": "OKP",
        "crv": "Ed25519",
        "alg": "EdDSA",
        "use": "sig",
    }
    assert PyJWS().decode(token, PyJWK(key).key, algorithms=["EdDSA"])


@pytest.mark.proves("SE-1")
async def test_introspection_tells_the_state_of_this_second(identity: Identity) -> None:
    gateway = await identity.a_gateway_token()
    person = await identity.an_account()
    session = (await identity.log_on(person.username)).body

    async def introspected() -> dict[str, object]:
        form = {"token": session["access_token"], "token_type_hint": "access_token"}
        answer = await identity.call("POST", "/oauth/introspect", form=form, token=gateway)
        assert answer.status == 200
        return dict(answer.body)

    before = await introspected()
    await identity.call(
        "DELETE", f"/sessions/{session['session_id']}", token=session["access_token"]
    )

    assert before["active"] is True
    assert before["sub"] == str(person.id)
    assert before["sid"] == session["session_id"]
    assert before["exp"] == int(identity.clock.now().timestamp()) + 300
    assert await introspected() == {"active": False}


@pytest.mark.proves("SE-1", "V9.1.2")
async def test_what_is_no_token_is_only_not_active(identity: Identity) -> None:
    gateway = await identity.a_gateway_token()

    for token in ("?", "x", "a.b.c", "eyJhbGciOiJub25lIn0.e30."):
        assert await identity.introspected(token, by=gateway) == {"active": False}


@pytest.mark.proves("SE-1")
async def test_a_client_introspects_by_its_basic_credentials_as_by_its_token(
    identity: Identity,
) -> None:
    made = await identity.features.practices.practices.add_gateway(
        "web gateway", by=identity.operator()
    )
    person = await identity.an_account()
    form = {"token": (await identity.log_on(person.username)).body["access_token"]}

    by_basic = await identity.call(
        "POST", "/oauth/introspect", form=form, headers=basic(made.client_id, made.secret)
    )
    by_token = await identity.call(
        "POST", "/oauth/introspect", form=form, token=await identity.a_gateway_token()
    )

    assert by_basic.status == 200
    assert by_basic.body["sub"] == str(person.id)
    assert by_basic.body == by_token.body


@pytest.mark.proves("SE-1")
async def test_basic_credentials_reach_no_further_than_the_clients_scopes(
    identity: Identity,
) -> None:
    client_id, secret = await identity.a_practice_client()
    headers = basic(client_id, secret)

    introspected = await identity.call(
        "POST", "/oauth/introspect", form={"token": "x"}, headers=headers
    )
    read = await identity.call("GET", "/practice/settings", headers=headers)

    assert (introspected.status, introspected.body["error"]) == (403, "insufficient_scope")
    assert (read.status, read.code) == (401, "unauthenticated")


@pytest.mark.proves("SE-1")
async def test_a_401_of_introspection_says_what_works_and_is_audited(identity: Identity) -> None:
    client_id, _ = await identity.a_practice_client()
    answers = [
        await identity.call("POST", "/oauth/introspect", form={"token": "x"}, headers=headers)
        for headers in (basic(client_id, "wrong"), basic("nobody", "x"), {"Authorization": "Basic"})
    ]
    answers.append(await identity.call("POST", "/oauth/introspect", form={"token": "x"}))

    assert [answer.status for answer in answers] == [401] * 4
    assert [answer.body["error"] for answer in answers] == [
        *["invalid_client"] * 3,
        "invalid_token",
    ]
    assert {answer.headers["WWW-Authenticate"] for answer in answers} == {
        'Basic realm="portico", Bearer'
    }
    rows = await identity.rows(
        "SELECT detail, subject FROM audit_entries WHERE action = 'introspect_token' "
        "ORDER BY detail, subject NULLS LAST"
    )
    assert [row["detail"] for row in rows] == [*["invalid_client"] * 3, "unauthenticated"]
    assert rows[0]["subject"] == f"client:{client_id}"  # who was tried, as at /oauth/token
    assert {row["subject"] for row in rows[1:]} == {None}


@pytest.mark.proves("LG-4")
@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/introspect"])
async def test_tries_at_a_clients_secret_count_on_the_client_and_stop_nobody_who_has_it(
    identity: Identity, path: str
) -> None:
    made = await identity.features.practices.practices.add_gateway(
        "web gateway", by=identity.operator()
    )

    async def tried(secret: str, source: str | None = None) -> int:
        form = {"grant_type": "client_credentials", "token": "x"}
        answer = await identity.call(
            "POST", path, form=form, headers=basic(made.client_id, secret), source=source
        )
        return answer.status

    told = await asyncio.gather(*(tried("wrong") for _ in range(70)))

    assert Counter(told) == {401: 50, 429: 20}
    assert await tried(made.secret) == 200
    assert await tried("wrong") == 429
    others = await identity.client_token("nobody", "wrong")
    assert others.status == 401


@pytest.mark.proves("LG-4")
async def test_tries_at_many_clients_count_on_their_source(identity: Identity) -> None:
    for number in range(50):
        headers = basic(str(UUID(int=number)), "wrong")
        answer = await identity.call(
            "POST", "/oauth/introspect", form={"token": "x"}, headers=headers, source="192.0.2.9"
        )
        assert answer.status == 401

    answer = await identity.call(
        "POST",
        "/oauth/introspect",
        form={"token": "x"},
        headers=basic("nobody", "x"),
        source="192.0.2.9",
    )
    assert answer.status == 429
