"""Signing keys, peppers and the key-encryption key are changed while people go on."""

import base64
import json
from datetime import timedelta

import pytest

from services.identity.sessions.api.introspection import KEPT_SECONDS
from shared.db import Database
from shared.kept import FRESH
from shared.trust import public_keys
from shared.trust.own_keys import AHEAD
from tests.integration.identity.test_operator_verbs import run
from tests.rigs.identity import ENVIRONMENT, PASSWORD, Identity, Recovery, identity_service
from tests.support import database as databases
from tests.support.clock import FakeClock
from tests.support.proxy import proxied

ANOTHER_PEPPER = "another pepper that is long enough for a test"
ANOTHER_KEY = base64.b64encode(b"another key-encryption key......").decode()


def under(token: str, kid: str) -> str:
    """The same token, but for the key that its header names."""
    head, payload, signature = token.split(".")
    header = {**json.loads(base64.urlsafe_b64decode(head + "==")), "kid": kid}
    changed = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()
    return f"{changed}.{payload}.{signature}"


@pytest.mark.proves("SE-1")
async def test_a_made_up_key_id_is_known_as_such_at_once(
    identity: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(public_keys, "WAIT", 3600.0)  # who waits runs out of the test's time
    gateway = await identity.a_gateway_token()
    person = await identity.an_account()
    token = (await identity.log_on(person.username)).body["access_token"]
    forged = under(token, "made-up")

    told = await identity.introspected(forged, by=gateway)
    refused = await identity.call("GET", "/account", token=forged)

    assert told == {"active": False}
    assert refused.status == 401
    assert (await identity.introspected(token, by=gateway))["active"] is True


@pytest.mark.proves("LG-4")
async def test_a_grant_under_a_made_up_key_is_a_counted_and_audited_refusal_the_second_time(
    identity: Identity, recovery: Recovery
) -> None:
    person = await identity.an_account()
    forged = under(await recovery.grant(person), "made-up")
    body = {"grant": forged, "new_password": "Walnut-Harbour-8"}
    source = identity.a_source()

    answers = [
        await identity.call("POST", "/passwords/reset", body, source=source) for _ in range(3)
    ]

    assert [answer.code for answer in answers] == ["catching_up", "grant_invalid", "grant_invalid"]
    [counted] = await identity.rows("SELECT cardinality(refusals) AS count FROM source_budget")
    assert counted["count"] == 2
    audited = await identity.rows(
        "SELECT detail FROM audit_entries WHERE action = 'password.reset'"
    )
    assert [row["detail"] for row in audited] == ["grant_invalid"] * 2


@pytest.mark.proves("SE-1")
async def test_what_a_revoked_key_signed_is_refused_by_every_replica_and_a_refresh_goes_on(
    identity: Identity, second: Identity
) -> None:
    gateway = await identity.a_gateway_token()
    person = await identity.an_account()
    session = (await second.log_on(person.username)).body
    assert (await identity.introspected(session["access_token"], by=gateway))["active"] is True
    [leaked] = (await identity.call("GET", "/.well-known/jwks.json")).body["keys"]

    await identity.features.sessions.own_keys.revoke(leaked["kid"])
    for replica in (identity, second):
        await replica.loop("public-keys").once()
        await replica.loop("own-keys").once()

    for replica in (identity, second):
        refused = await replica.call("GET", "/account", token=session["access_token"])
        assert refused.status == 401
        [key] = (await replica.call("GET", "/.well-known/jwks.json")).body["keys"]
        assert key["kid"] != leaked["kid"]
    renewed = (await second.refresh(session["refresh_token"])).body
    assert (await identity.call("GET", "/account", token=renewed["access_token"])).status == 200


@pytest.mark.proves("SE-1")
async def test_signing_keys_are_kept_for_a_while_and_told_from_memory(
    database: databases.Database, clock: FakeClock, identity: Identity
) -> None:
    url = database.url("identity")
    async with proxied(url) as proxy, identity_service(database, clock) as replica:
        own_keys = replica.features.sessions.own_keys
        own_keys.ring.database = Database(proxy.url(url), application="test")
        before = await replica.call("GET", "/.well-known/jwks.json")

        proxy.cut()
        own_keys.ring._read_at -= FRESH + 1  # as if that time had passed
        after = await replica.call("GET", "/.well-known/jwks.json")
        await own_keys.ring.database.close()

    assert (after.status, after.body) == (200, before.body)
    for answer in (before, after):
        assert answer.headers["Cache-Control"] == f"public, max-age={KEPT_SECONDS}"
    assert timedelta(seconds=KEPT_SECONDS + FRESH) <= AHEAD / 2


@pytest.mark.proves("ID-5")
async def test_after_the_pepper_was_changed_a_password_works_and_is_renewed_at_that_log_on(
    database: databases.Database, clock: FakeClock, identity: Identity
) -> None:
    person = await identity.an_account("june.hale")
    old = ENVIRONMENT["PORTICO_PEPPER"]
    settings = {"pepper": ANOTHER_PEPPER, "peppers_retired": old}

    async with identity_service(database, clock, **settings) as changed:
        before = await changed.rows("SELECT password_hash FROM accounts")
        assert (await changed.log_on(person.username, "wrong")).status == 401
        assert (await changed.log_on(person.username)).status == 201
        after = await changed.rows("SELECT password_hash FROM accounts")

    assert before[0][0] != after[0][0]
    async with identity_service(database, clock, pepper=ANOTHER_PEPPER) as without:
        assert (await without.log_on(person.username)).status == 201


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, "ok   peppers"),
        ({"PORTICO_PEPPER": ANOTHER_PEPPER}, "WARN peppers: 1 passwords"),
        (
            {
                "PORTICO_PEPPER": ANOTHER_PEPPER,
                "PORTICO_PEPPERS_RETIRED": ENVIRONMENT["PORTICO_PEPPER"],
            },
            "ok   peppers",
        ),
    ],
)
async def test_check_counts_passwords_whose_pepper_is_gone(
    identity: Identity, capsys: pytest.CaptureFixture[str], changed: dict[str, str], said: str
) -> None:
    await identity.an_account()

    await run(identity, "check", environ=changed)

    assert said in capsys.readouterr().out


@pytest.mark.proves("ID-3")
async def test_after_the_pepper_was_changed_a_password_is_still_one_of_the_last_five(
    database: databases.Database, clock: FakeClock, identity: Identity, recovery: Recovery
) -> None:
    person = await identity.an_account("june.hale")
    settings = {"pepper": ANOTHER_PEPPER, "peppers_retired": ENVIRONMENT["PORTICO_PEPPER"]}

    async with identity_service(database, clock, **settings) as changed:
        refused = await changed.reset(await recovery.grant(person), PASSWORD)

    assert refused.code == "password_unacceptable"
    assert [one["code"] for one in refused.body["errors"]] == ["not_recent"]


async def test_the_key_encryption_key_is_changed_and_tokens_links_and_clients_stay(
    database: databases.Database, clock: FakeClock, identity: Identity
) -> None:
    client_id, secret = await identity.a_practice_client()
    person = await identity.an_account()
    session = (await identity.log_on(person.username)).body
    old = ENVIRONMENT["PORTICO_KEY_ENCRYPTION_KEY"]
    both = {"key_encryption_key": ANOTHER_KEY, "key_encryption_keys_retired": old}

    async with identity_service(database, clock, **both) as changing:
        assert (await changing.call("GET", "/account", token=session["access_token"])).status == 200
        assert await changing.features.sessions.own_keys.encrypt_again() == 1

    async with identity_service(database, clock, key_encryption_key=ANOTHER_KEY) as changed:
        assert (await changed.call("GET", "/account", token=session["access_token"])).status == 200
        renewed = await changed.refresh(session["refresh_token"])
        assert renewed.status == 200
        assert (await identity.refresh(session["refresh_token"])).body["refresh_token"] == (
            renewed.body["refresh_token"]
        )
        assert (await changed.client_token(client_id, secret)).status == 200
