"""Log-on: by username or verified e-mail, one error for every cause (LG-1, LG-3, ID-5)."""

from collections import Counter
from uuid import UUID

import pytest

from shared.audit.entries import Origin
from shared.audit.floods import A_MINUTE, OVERALL
from shared.trust.hashing import PasswordHasher
from tests.rigs.identity import PASSWORD, Identity


@pytest.mark.proves("LG-1")
async def test_username_and_password_open_a_session(identity: Identity) -> None:
    await identity.an_account("june.hale")

    answer = await identity.log_on("june.hale")

    assert (answer.status, answer.body["token_type"]) == (201, "Bearer")
    assert answer.body["expires_in"] == 300
    listed = await identity.call("GET", "/sessions", token=answer.body["access_token"])
    assert [s["session_id"] for s in listed.body["sessions"]] == [answer.body["session_id"]]


@pytest.mark.proves("LG-1")
async def test_a_refusal_says_the_ways_back_in(identity: Identity) -> None:
    answer = await identity.log_on("nobody.at.all")

    assert "reset link" in answer.body["hint"]
    assert "practice" in answer.body["hint"]


@pytest.mark.proves("LG-3")
async def test_the_account_email_gate_is_offered_until_one_is_verified(identity: Identity) -> None:
    await identity.an_account("june.hale")
    await identity.an_account("pat.moss", email="pat@mail.example")

    june, pat = await identity.log_on("june.hale"), await identity.log_on("pat.moss")

    two_step = {"name": "two-step", "required": False}
    assert june.body["gates"] == [{"name": "account-email", "required": False}, two_step]
    assert pat.body["gates"] == [two_step]


@pytest.mark.proves("ID-5", "V11.2.2")
async def test_an_older_hash_is_renewed_at_the_next_good_log_on(identity: Identity) -> None:
    person = await identity.an_account("june.hale")
    pepper = identity.plumbing.settings.pepper.reveal().encode()
    older = PasswordHasher(pepper=pepper, cost=5, wait=30)
    async with identity.plumbing.database.connection() as connection:
        await connection.execute(
            "UPDATE accounts SET password_hash = $2 WHERE id = $1",
            person.id,
            await older.hash(PASSWORD),
        )
    older.close()

    await identity.log_on("june.hale", "wrong")
    before = await identity.rows("SELECT password_hash, security_version FROM accounts")
    assert (await identity.log_on("june.hale")).status == 201

    after = await identity.rows("SELECT password_hash, security_version FROM accounts")
    assert ("$05$" in before[0][0], "$04$" in after[0][0]) == (True, True)
    assert after[0][1] == before[0][1]
    assert (await identity.log_on("june.hale")).status == 201


@pytest.mark.proves("LG-1", "AU-1")
async def test_while_guards_are_flooded_a_refused_log_on_writes_as_many_rows_for_hit_and_miss(
    identity: Identity,
) -> None:
    """Else the time of a log-on would tell which names there are."""
    await identity.an_account("june.hale")
    audit = identity.plumbing.audit
    for number in range(OVERALL + A_MINUTE):
        source = f"2001:db8:0:{number:x}::/64"
        origin = Origin(actor="anonymous", source=source, correlation_id=UUID(int=number))
        flooded = audit.admits(origin, at_the_guard=True)
    assert not flooded

    for name in ("june.hale", "nobody.at.all") * 3:
        assert (await identity.log_on(name, "wrong")).code == "invalid_credentials"

    rows = await identity.rows("SELECT subject IS NULL AS miss FROM audit_entries")
    assert Counter(row["miss"] for row in rows) == {True: 3, False: 3}
