"""A client's life: it is added, has a new secret, is revoked, on the command line (ST-1)."""

import json

import pytest

from tests.builders.practices import desk_of, practice_desk
from tests.integration.identity.test_operator_verbs import added, run
from tests.rigs.identity import Identity
from tests.rigs.replica import Answer

pytestmark = pytest.mark.proves("ST-1")
UNKNOWN = "11111111-1111-4111-8111-111111111111"


async def test_a_practice_whose_only_client_is_revoked_is_given_another_and_goes_on(
    identity: Identity, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = await practice_desk(identity)
    patient_id = await desk.a_patient()
    said = {"staff_id": "clerk-1", "reason": "it was stolen", "client_secret": desk.client[1]}
    assert (await desk.call("/practice/client/revoke", said)).status == 204
    await identity.loop("revoked-clients").once()

    made = await added(identity, capsys, "client", "add", desk.practice_id, "Front desk")

    other = await desk_of(identity, (made["client_id"], made["client_secret"]))
    assert other.practice_id == desk.practice_id == made["practice_id"]
    assert (await other.issue(patient_id)).status == 201
    assert (await desk.issue(patient_id)).status == 401
    assert (await identity.client_token(*desk.client)).status == 401
    rows = await identity.rows("SELECT c::text FROM clients c")
    assert not any(made["client_secret"] in row[0] for row in rows)
    [audited] = await identity.rows(
        "SELECT actor, subject, practice, outcome FROM audit_entries WHERE action = 'client.add'"
    )
    subject = f"client:{made['client_id']}"
    assert tuple(audited) == ("operator", subject, desk.practice_id, "done")


async def test_a_practice_has_a_client_for_each_of_its_systems_and_the_end_of_one_is_no_other_s(
    identity: Identity, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = await practice_desk(identity)

    made = await added(identity, capsys, "client", "add", desk.practice_id, "Laboratory")

    tokens = [
        await identity.client_token(*client)
        for client in (desk.client, (made["client_id"], made["client_secret"]))
    ]
    assert [answer.status for answer in tokens] == [200, 200]
    assert tokens[0].body["scope"] == tokens[1].body["scope"]
    assert await run(identity, "client", "revoke", made["client_id"]) == 0
    assert (await identity.client_token(*desk.client)).status == 200
    capsys.readouterr()
    await run(identity, "client", "list")
    listed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {(one["name"], one["practice_id"]) for one in listed} == {
        ("Elm Street Practice", desk.practice_id),
        ("Laboratory", desk.practice_id),
    }


async def test_of_a_practice_that_there_is_not_no_client_is_made(
    identity: Identity, capsys: pytest.CaptureFixture[str]
) -> None:
    codes = [await run(identity, "client", "add", named, "Desk") for named in (UNKNOWN, "nobody")]

    assert codes == [1, 2]
    told = capsys.readouterr()
    assert (told.out, f"{UNKNOWN}: there is none, or no more" in told.err) == ("", True)
    assert await identity.rows("SELECT id FROM clients") == []
    [audited] = await identity.rows(
        "SELECT practice, outcome, detail FROM audit_entries WHERE action = 'client.add'"
    )
    assert tuple(audited) == (UNKNOWN, "refused", "not_found")


async def test_a_rotated_secret_ends_at_once_and_the_new_one_is_printed_once(
    identity: Identity, capsys: pytest.CaptureFixture[str]
) -> None:
    client_id, before = await identity.a_practice_client()

    made = await added(identity, capsys, "client", "rotate", client_id)

    assert made["client_id"] == client_id
    tried = [await identity.client_token(client_id, s) for s in (before, made["client_secret"])]
    assert [answer.status for answer in tried] == [401, 200]
    [row] = await identity.rows("SELECT c::text FROM clients c")
    assert made["client_secret"] not in row[0]
    [audited] = await identity.rows(
        "SELECT actor, subject, outcome FROM audit_entries WHERE action = 'client.rotate'"
    )
    assert tuple(audited) == ("operator", f"client:{client_id}", "done")


async def test_the_secret_before_goes_on_for_the_overlap_and_no_longer(
    identity: Identity, capsys: pytest.CaptureFixture[str]
) -> None:
    client_id, before = await identity.a_practice_client()
    made = await added(identity, capsys, "client", "rotate", client_id, "--overlap-hours", "24")
    # the verb's process has the real clock, the replica one that stands still
    await identity.rows(
        "UPDATE clients SET former_until = $1 RETURNING id", identity.clock.advance(hours=24)
    )
    identity.clock.advance(seconds=-1)

    async def statuses() -> list[int]:
        tried = [await identity.client_token(client_id, s) for s in (before, made["client_secret"])]
        return [answer.status for answer in tried]

    assert await statuses() == [200, 200]
    identity.clock.advance(seconds=1)
    assert await statuses() == [401, 200]


async def test_a_revoked_client_gets_no_token_and_those_it_has_are_refused_here(
    identity: Identity, capsys: pytest.CaptureFixture[str]
) -> None:
    gateway = await identity.a_gateway_token()
    client_id, secret = await identity.a_practice_client()
    other_id, other_secret = await identity.a_practice_client()
    token = (await identity.client_token(client_id, secret)).body["access_token"]
    other = (await identity.client_token(other_id, other_secret)).body["access_token"]
    assert (await identity.introspected(token, by=gateway))["active"] is True

    assert await run(identity, "client", "revoke", client_id) == 0
    await identity.rows(
        "UPDATE clients SET revoked_at = $1 WHERE revoked_at IS NOT NULL RETURNING id",
        identity.clock.now(),
    )
    await identity.loop("revoked-clients").once()

    assert (await identity.client_token(client_id, secret)).status == 401
    assert await identity.introspected(token, by=gateway) == {"active": False}
    settings = [await identity.call("GET", "/practice/settings", token=t) for t in (token, other)]
    assert [answer.status for answer in settings] == [401, 200]
    assert (await identity.introspected(other, by=gateway))["active"] is True


async def test_a_revoked_gateway_introspects_nothing(identity: Identity) -> None:
    gateway = await identity.a_gateway_token()
    [row] = await identity.rows("SELECT id FROM clients")

    assert await run(identity, "client", "revoke", row["id"]) == 0
    await identity.rows("UPDATE clients SET revoked_at = $1 RETURNING id", identity.clock.now())
    await identity.loop("revoked-clients").once()

    answer = await identity.call("POST", "/oauth/introspect", form={"token": "x"}, token=gateway)
    assert answer.status == 401


async def test_what_is_not_there_or_revoked_is_neither_rotated_nor_revoked(
    identity: Identity, capsys: pytest.CaptureFixture[str]
) -> None:
    client_id, _ = await identity.a_practice_client()
    assert await run(identity, "client", "revoke", client_id) == 0

    codes = [
        await run(identity, "client", verb, named)
        for verb in ("rotate", "revoke")
        for named in (client_id, UNKNOWN, "nobody")
    ]

    assert codes == [1, 1, 2, 1, 1, 2]
    assert "there is none, or no more" in capsys.readouterr().err


async def test_clients_are_listed_without_their_secrets(
    identity: Identity, capsys: pytest.CaptureFixture[str]
) -> None:
    client_id, _ = await identity.a_practice_client()
    await identity.a_gateway_token()
    await run(identity, "client", "rotate", client_id, "--overlap-hours", "1")
    capsys.readouterr()

    assert await run(identity, "client", "list") == 0

    listed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {one["client_id"]: one["name"] for one in listed}[client_id] == "Elm Street Practice"
    assert {key for one in listed for key in one} == {
        "client_id",
        "name",
        "practice_id",
        "scopes",
        "former_until",
    }


async def test_a_client_rotates_its_own_secret_by_the_one_of_now_and_never_by_the_one_before(
    identity: Identity,
) -> None:
    client_id, first = await identity.a_practice_client()
    said = {"staff_id": "clerk-1", "reason": "it is time"}

    async def rotated(secret: str) -> Answer:
        token = (await identity.client_token(client_id, secret)).body["access_token"]
        body = {**said, "client_secret": secret, "overlap_hours": 24}
        return await identity.call("POST", "/practice/client/rotate-secret", body, token=token)

    second = (await rotated(first)).body["client_secret"]
    tried = [await identity.client_token(client_id, secret) for secret in (first, second)]
    again = await rotated(first)

    assert [answer.status for answer in tried] == [200, 200]
    assert again.refused() == (403, "client_secret_wrong")
    assert (await rotated(second)).status == 200
    assert (await identity.client_token(client_id, first)).status == 401


async def test_a_client_that_revokes_itself_ends_in_the_middle_of_its_tokens_life(
    identity: Identity,
) -> None:
    client_id, secret = await identity.a_practice_client()
    token = (await identity.client_token(client_id, secret)).body["access_token"]
    body = {"staff_id": "clerk-1", "reason": "it was stolen", "client_secret": secret}

    revoked = await identity.call("POST", "/practice/client/revoke", body, token=token)
    await identity.loop("revoked-clients").once()

    assert revoked.status == 204
    assert (await identity.client_token(client_id, secret)).status == 401
    assert (await identity.call("GET", "/practice/client", token=token)).status == 401
