"""What becomes of two accounts that are merged, row by row (MG-5, MG-4, MG-6)."""

from dataclasses import replace
from typing import Any

import pytest

from services.identity.accounts.model import NameKind
from services.identity.accounts.store import names as log_on_names
from shared.contracts.log_on_names import name_key
from tests.builders.freezes import THIEF_S, a_link, freeze
from tests.builders.merges import Registry, deliver, envelope, no_deadlock
from tests.builders.practices import Postman, add_practice
from tests.integration.identity.test_email_changes import changed
from tests.integration.identity.test_emails import claim, verify
from tests.rigs.identity import Identity, Person, Recovery
from tests.support.statements import noted

pytestmark = pytest.mark.proves("MG-5")
WRONG = "Wrong-Guess-1234"
OWN, OTHERS = "Quiet!Meadow-31", "Copper!Lantern-42"


async def snapshots(identity: Identity, person: Person) -> list[Any]:
    events = await identity.events("account-changed")
    return [event for event in events if event["account_id"] == str(person.id)]


@pytest.mark.proves("ID-8")
async def test_both_practices_stand_under_the_survivor(
    identity: Identity, registry: Registry
) -> None:
    survivor, absorbed = await registry.two()

    await registry.merge(survivor, absorbed)

    settings = await registry.account(survivor)
    assert settings["account_id"] == str(survivor.id)
    assert [practice["practice_id"] for practice in settings["practices"]] == [
        desk.practice_id for desk in registry.desks
    ]
    assert {practice["state"] for practice in settings["practices"]} == {"enrolled"}


async def test_an_un_enrolled_practice_comes_along_as_it_is(
    identity: Identity, registry: Registry
) -> None:
    survivor, absorbed = await registry.two()
    patient_id = registry.patients_of[absorbed.username]
    request = await registry.request(survivor, absorbed)
    assert (await registry.desks[1].un_enrol(patient_id)).status == 204

    await deliver(identity, envelope(request, identity))

    settings = await registry.account(survivor)
    assert [practice["state"] for practice in settings["practices"]] == ["enrolled", "un-enrolled"]
    assert (await registry.desks[1].reactivate(patient_id)).status == 204
    settings = await registry.account(survivor)
    assert [practice["state"] for practice in settings["practices"]] == ["enrolled", "enrolled"]


async def test_two_charts_at_one_practice_both_come_along(
    identity: Identity, registry: Registry
) -> None:
    survivor, absorbed = await registry.a_member(), await registry.a_member()

    await registry.merge(survivor, absorbed)

    settings = await registry.account(survivor)
    assert [p["practice_id"] for p in settings["practices"]] == [registry.desks[0].practice_id] * 2


async def test_the_moved_record_and_both_accounts_are_told_as_they_stand_afterwards(
    identity: Identity, registry: Registry
) -> None:
    survivor, absorbed = await registry.two(email="june@mail.example")
    moved, stayed = (registry.patients_of[p.username] for p in (absorbed, survivor))
    before = await identity.events("person-changed")

    await registry.merge(survivor, absorbed)

    [told] = (await identity.events("person-changed"))[len(before) :]
    assert (told["patient_id"], told["account_id"]) == (moved, str(survivor.id))
    versions = await identity.rows("SELECT id, version FROM patients")
    assert {str(row["id"]): row["version"] for row in versions} == {moved: 3, stayed: 2}
    [one], [other] = await snapshots(identity, survivor), await snapshots(identity, absorbed)
    found = (one["state"], one["security_version"], one["email"])
    assert found == ("active", 1, "june@mail.example")
    assert {e["practice_id"] for e in one["enrolments"]} == {d.practice_id for d in registry.desks}
    assert (other["state"], other["security_version"]) == ("merged", 2)
    assert (other["email"], other["enrolments"]) == (None, [])
    rows = await identity.rows("SELECT version FROM accounts")
    assert {row["version"] for row in rows} == {2}


async def test_the_survivor_keeps_its_name_and_password(
    identity: Identity, registry: Registry
) -> None:
    survivor = await registry.a_member(password=OWN)
    absorbed = await registry.a_member(desk=1, password=OTHERS)

    await registry.merge(survivor, absorbed)

    assert (await identity.log_on(survivor.username, OWN)).status == 201
    assert (await identity.log_on(survivor.username, OTHERS)).code == "invalid_credentials"
    assert (await identity.log_on(absorbed.username, OWN)).code == "invalid_credentials"


@pytest.mark.proves("LG-1")
async def test_the_merged_name_and_its_right_password_hint_at_the_survivor(
    identity: Identity, registry: Registry
) -> None:
    survivor = await registry.a_member(username="june.hale")
    absorbed = await registry.a_member(desk=1, username="old.june")
    await registry.merge(survivor, absorbed)

    right = await identity.log_on("old.june")
    wrong = await identity.log_on("old.june", WRONG)
    unknown = await identity.log_on("nobody.at.all", WRONG)

    assert (right.status, right.code) == (409, "account_merged")
    assert "j•••e" in right.body["detail"]
    assert "june.hale" not in str(right.body)
    assert wrong.alike() == unknown.alike()
    rows = await identity.rows("SELECT FROM sessions WHERE account_id = $1", absorbed.id)
    assert rows == []


@pytest.mark.proves("LG-2", "V6.3.8")
async def test_while_locked_a_merged_name_tells_nothing_and_its_survivor_is_not_locked(
    identity: Identity, registry: Registry
) -> None:
    survivor, absorbed = await registry.merged()
    wrong = [await identity.log_on(absorbed.username, WRONG) for _ in range(4)]

    locked = await identity.log_on(absorbed.username)
    identity.clock.advance(minutes=20)

    assert locked.alike() == wrong[0].alike()
    assert (await identity.log_on(survivor.username)).status == 201
    assert (await identity.log_on(absorbed.username)).code == "account_merged"


@pytest.mark.proves("LG-2", "V6.3.8")
async def test_a_merged_name_takes_the_same_statements_as_any_until_it_may_be_told(
    identity: Identity, registry: Registry
) -> None:
    survivor, absorbed = await registry.two()
    known = await identity.an_account()
    await registry.merge(survivor, absorbed)
    proofs = identity.features.log_on.log_on.proofs

    async def asked(name: str, password: str) -> list[str]:
        with noted(identity.plumbing.database) as heard:
            attempt = await proofs.by_name(name, password)
            async with identity.plumbing.acts.open(identity.operator()) as act:
                await proofs.decide(act, attempt)
        return heard

    wrong = await asked(known.username, WRONG)
    told = await asked(absorbed.username, absorbed.password)
    others = [
        await asked("nobody.at.all", WRONG),
        *[await asked(absorbed.username, WRONG) for _ in range(5)],
        await asked(absorbed.username, absorbed.password),
        await asked(known.username, known.password),
    ]

    assert others == [wrong] * len(others)
    assert [query for query in told if query not in wrong] != []


@pytest.mark.proves("LG-2")
async def test_nobody_is_told_of_a_lock_on_a_merged_name(
    identity: Identity, registry: Registry
) -> None:
    _, absorbed = await registry.merged()
    for _ in range(4):
        await identity.log_on(absorbed.username, WRONG)

    await identity.loop("lock-notices").once()

    assert await identity.events("account-locked") == []
    assert await identity.rows("SELECT FROM lockouts WHERE notice_due") == []


@pytest.mark.proves("ID-4")
async def test_the_merged_name_counts_as_the_survivors(
    identity: Identity, registry: Registry
) -> None:
    survivor, absorbed = await registry.two()
    stranger = await identity.an_account()
    await registry.merge(survivor, absorbed)
    key, now = name_key(absorbed.username), identity.clock.now()

    async with identity.plumbing.database.transaction() as tx:
        others = await log_on_names.claim(tx, key, stranger.id, NameKind.USERNAME, now=now)
        own = await log_on_names.claim(tx, key, survivor.id, NameKind.USERNAME, now=now)

    assert (others, own) == (False, True)
    assert (await identity.log_on(absorbed.username)).body["session_id"]


@pytest.mark.proves("ID-4", "ID-6")
async def test_the_verified_address_goes_to_a_survivor_that_has_none(
    identity: Identity, registry: Registry
) -> None:
    survivor = await registry.a_member(password=OWN)
    absorbed = await registry.a_member(desk=1, password=OTHERS, email="june@mail.example")

    await registry.merge(survivor, absorbed)

    answer = await identity.log_on("june@mail.example", OWN)
    assert (answer.status, [gate["name"] for gate in answer.body["gates"]]) == (201, ["two-step"])
    settings = await registry.account(survivor)
    assert settings["username"] == survivor.username
    assert settings["email"] == {"address": "june@mail.example", "state": "verified"}
    assert (await identity.log_on("june@mail.example", OTHERS)).code == "invalid_credentials"


@pytest.mark.proves("ID-6")
async def test_what_the_survivor_had_claimed_gives_way_to_the_verified_address(
    identity: Identity, registry: Registry, postman: Postman
) -> None:
    survivor, absorbed = await registry.two(email="june@mail.example")
    request = await registry.request(survivor, absorbed)
    token = (await registry.session(survivor))["access_token"]
    await identity.call("POST", "/account/email", {"address": "new@mail.example"}, token=token)
    [link] = await postman.tokens("email-verification-requested")

    await deliver(identity, envelope(request, identity))

    token = (await registry.session(survivor))["access_token"]
    answer = await identity.call("POST", "/account/email/verify", {"token": link}, token=token)
    assert answer.code == "link_invalid"
    assert (await registry.account(survivor))["email"]["address"] == "june@mail.example"
    kept = await identity.rows("SELECT account_id, state FROM account_emails")
    assert [tuple(row) for row in kept] == [(survivor.id, "verified")]
    links = await identity.rows(
        "SELECT state FROM one_time_secrets WHERE purpose = 'email-verification'"
    )
    assert [row["state"] for row in links] == ["superseded"]


async def taken_over(
    identity: Identity, registry: Registry, postman: Postman
) -> tuple[str, Person, Person]:
    """The link that says so, whose password is the thief's by now, and an account of his own."""
    survivor, absorbed = await registry.two(email="june@mail.example")
    link = await a_link(identity, postman, survivor)
    identity.clock.advance(seconds=1)
    return link, replace(survivor, password=THIEF_S), absorbed


@pytest.mark.proves("ID-6", "RC-9")
async def test_an_address_that_came_by_a_merge_is_taken_away_by_a_link_of_before(
    identity: Identity, registry: Registry, postman: Postman
) -> None:
    """However long it was the other's: whoever has the session merges an account of his into it."""
    link, survivor, absorbed = await taken_over(identity, registry, postman)
    await registry.merge(survivor, absorbed)
    assert (await registry.account(survivor))["email"]["address"] == "june@mail.example"

    assert (await freeze(identity, link)).status == 204

    assert (await identity.events("account-changed"))[-1]["email"] is None
    assert not await identity.rows("SELECT FROM account_emails")


@pytest.mark.proves("ID-6", "RC-9")
async def test_so_is_one_that_was_replaced_before_the_merge_and_is_claimed_again_after_it(
    identity: Identity, registry: Registry, postman: Postman
) -> None:
    link, survivor, absorbed = await taken_over(identity, registry, postman)
    await changed(identity, postman, absorbed, "new@mail.example")
    await registry.merge(survivor, absorbed)
    token = str((await registry.session(survivor))["access_token"])
    proof = {"password": THIEF_S, "verb": "email"}
    grant = (await identity.call("POST", "/account/reauthenticate", proof, token=token)).body
    await claim(identity, token, "june@mail.example", grant=grant["grant"])
    *_, verification = await postman.tokens("email-verification-requested")
    assert (await verify(identity, token, verification)).status == 200

    assert (await freeze(identity, link)).status == 204

    assert (await identity.events("account-changed"))[-1]["email"] is None


@pytest.mark.proves("ID-6")
async def test_where_the_survivor_has_one_the_others_address_is_free_to_be_verified(
    identity: Identity, registry: Registry, postman: Postman
) -> None:
    survivor = await registry.a_member(email="june@mail.example")
    absorbed = await registry.a_member(desk=1, email="old@mail.example")
    stranger = await identity.an_account()
    await registry.merge(survivor, absorbed)

    token = (await registry.session(stranger))["access_token"]
    await identity.call("POST", "/account/email", {"address": "old@mail.example"}, token=token)
    [link] = await postman.tokens("email-verification-requested")
    verified = await identity.call("POST", "/account/email/verify", {"token": link}, token=token)

    assert verified.status == 200
    settings = await registry.account(survivor)
    assert settings["email"]["address"] == "june@mail.example"


@pytest.mark.proves("ID-6")
async def test_what_the_absorbed_account_had_only_claimed_is_void_with_its_link(
    identity: Identity, registry: Registry, postman: Postman
) -> None:
    survivor, absorbed = await registry.two()
    token = (await registry.session(absorbed))["access_token"]
    await identity.call("POST", "/account/email", {"address": "new@mail.example"}, token=token)

    await registry.merge(survivor, absorbed)

    assert await identity.rows("SELECT FROM account_emails") == []
    rows = await identity.rows(
        "SELECT state FROM one_time_secrets WHERE purpose = 'email-verification'"
    )
    assert [row["state"] for row in rows] == ["superseded"]


@pytest.mark.proves("SE-1", "V7.4.2", "V9.2.1")
async def test_every_session_of_the_absorbed_account_ends(
    identity: Identity, second: Identity, registry: Registry
) -> None:
    survivor, absorbed = await registry.two()
    sessions = [await registry.session(absorbed) for _ in range(3)]

    await registry.merge(survivor, absorbed)

    for session in sessions:
        for replica in (identity, second):
            verb = await replica.call("GET", "/account", token=session["access_token"])
            assert (verb.status, verb.code) == (401, "unauthenticated")
        assert (await identity.refresh(session["refresh_token"])).code == "refresh_invalid"
    told = await identity.rows(
        "SELECT convert_from(body, 'UTF8')::json->>'session_id' AS id FROM outbox"
        " WHERE exchange = 'identity.sessions'"
    )
    assert {row["id"] for row in told} >= {session["session_id"] for session in sessions}


@pytest.mark.proves("SE-1")
async def test_of_the_survivors_sessions_only_the_one_that_asked_goes_on(
    identity: Identity, registry: Registry
) -> None:
    survivor, absorbed = await registry.two()
    others = [await registry.session(survivor) for _ in range(2)]

    request = await registry.merge(survivor, absorbed)

    rows = await identity.rows(
        "SELECT id, ended_by FROM sessions WHERE account_id = $1", survivor.id
    )
    assert {row["id"]: row["ended_by"] for row in rows if row["ended_by"] is None} == {
        request.session_id: None
    }
    for session in others:
        assert (await identity.refresh(session["refresh_token"])).code == "refresh_invalid"
    assert {row["ended_by"] for row in rows if row["ended_by"]} == {"merged"}


@pytest.mark.proves("RC-3")
async def test_a_grant_of_recoverys_for_the_absorbed_account_is_superseded(
    identity: Identity, registry: Registry, recovery: Recovery
) -> None:
    survivor, absorbed = await registry.two()
    void, good = await recovery.grant(absorbed), await recovery.grant(survivor)

    await registry.merge(survivor, absorbed)

    assert (await identity.reset(void, OTHERS)).code == "grant_superseded"
    assert (
        await identity.reset(await recovery.grant(absorbed, security_version=2), OTHERS)
    ).code == "grant_superseded"
    assert (await identity.reset(good, OWN)).status == 200


@pytest.mark.proves("UN-1", "UN-3")
async def test_the_practice_of_the_absorbed_account_un_enrols_and_re_activates_at_the_survivor(
    identity: Identity, registry: Registry
) -> None:
    survivor, absorbed = await registry.merged()
    practice, patient_id = registry.desks[1], registry.patients_of[absorbed.username]

    assert (await practice.un_enrol(patient_id)).status == 204
    assert (await practice.reactivate(patient_id)).status == 204

    for name in ("enrolment-ended", "enrolment-reactivated"):
        [event] = await identity.events(name)
        assert event["account_id"] == str(survivor.id)


@pytest.mark.proves("EN-5")
async def test_a_practice_is_added_to_the_survivor_and_not_to_the_absorbed_account(
    identity: Identity, registry: Registry
) -> None:
    survivor, absorbed = await registry.merged()
    token = await registry.desks[0].a_token()

    gone = await add_practice(identity, token, name=absorbed.username)
    wrong = await add_practice(identity, token, name=absorbed.username, password=WRONG)
    added = await add_practice(identity, token, name=survivor.username)

    assert (gone.code, wrong.code) == ("account_merged", "invalid_credentials")
    assert added.body["account_id"] == str(survivor.id)


@pytest.mark.proves("LG-2", "ST-1")
async def test_a_practice_of_the_absorbed_account_now_unlocks_the_survivor(
    identity: Identity, registry: Registry
) -> None:
    survivor, absorbed = await registry.merged()
    for _ in range(4):
        await identity.log_on(survivor.username, WRONG)
    assert (await identity.log_on(survivor.username)).status == 401

    answer = await registry.desks[1].unlock(registry.patients_of[absorbed.username])

    assert answer.status == 204
    assert (await identity.log_on(survivor.username)).status == 201


@pytest.mark.proves("ID-4")
async def test_a_chain_is_flat_and_every_name_keeps_its_own_password(
    identity: Identity, registry: Registry
) -> None:
    first = await registry.a_member(username="first.name", password="First!Harbour-1")
    middle = await registry.a_member(desk=1, username="middle.name", password="Middle!Harbour-2")
    last = await registry.a_member(username="last.name", password="Last!Harbour-3")

    await registry.merge(middle, first)
    await registry.merge(last, middle)

    rows = await identity.rows("SELECT id, merged_into FROM accounts")
    assert {row["id"]: row["merged_into"] for row in rows} == {
        first.id: last.id,
        middle.id: last.id,
        last.id: None,
    }
    for person in (first, middle):
        right = await identity.log_on(person.username, person.password)
        assert (right.code, "l•••e" in right.body["detail"]) == ("account_merged", True)
        assert right.body["errors"][0]["params"] == {"username": "l•••e"}
        for other in (first, middle, last):
            if other is not person:
                told = await identity.log_on(person.username, other.password)
                assert told.code == "invalid_credentials"
        identity.clock.advance(minutes=20)
    names = await identity.rows("SELECT DISTINCT account_id FROM log_on_names")
    assert [row["account_id"] for row in names] == [last.id]
    settings = await registry.account(last)
    assert len(settings["practices"]) == 3


@pytest.mark.proves("MG-6")
async def test_the_addresses_both_had_are_told_once_with_what_the_survivor_has_now(
    identity: Identity, registry: Registry
) -> None:
    survivor = await registry.a_member(email="june@mail.example")
    absorbed = await registry.a_member(desk=1, email="old@mail.example")

    request = await registry.merge(survivor, absorbed)

    [told] = await identity.events("accounts-merged")
    assert told["recipients"] == ["june@mail.example", "old@mail.example"]
    assert (told["account_id"], told["absorbed_id"]) == (str(survivor.id), str(absorbed.id))
    assert told["merge_id"] == str(request.merge_id)
    assert {e["patient_id"] for e in told["enrolments"]} == set(registry.patients_of.values())
    assert await identity.events("merge-rejected") == []


@pytest.mark.proves("MG-6")
async def test_without_addresses_nobody_is_mailed(identity: Identity, registry: Registry) -> None:
    await registry.merge(*await registry.two())

    [told] = await identity.events("accounts-merged")
    assert told["recipients"] == []


@pytest.mark.proves("AU-1")
async def test_the_history_of_both_accounts_tells_the_merge(
    identity: Identity, registry: Registry
) -> None:
    survivor, absorbed = await registry.two()

    await registry.merge(survivor, absorbed)

    rows = await identity.rows(
        "SELECT actor, subject, outcome, detail FROM audit_entries WHERE action = 'account.merge'"
    )
    assert {tuple(row) for row in rows} == {
        (f"account:{survivor.id}", f"account:{person.id}", "done", None)
        for person in (survivor, absorbed)
    }
    await no_deadlock(identity)


@pytest.mark.proves("RC-6")
@pytest.mark.parametrize("who", ["survivor", "absorbed"])
async def test_the_one_validation_is_used_where_either_has_used_it(
    identity: Identity, registry: Registry, recovery: Recovery, who: str
) -> None:
    survivor, absorbed = await registry.two()
    used = survivor if who == "survivor" else absorbed
    await identity.rows(
        "UPDATE accounts SET validated_at = now(), email_waived = true WHERE id = $1", used.id
    )

    await registry.merge(survivor, absorbed)

    told = (await snapshots(identity, survivor))[-1]
    assert told["validated"] is True
    grant = await recovery.grant(
        survivor, route="validation", security_version=told["security_version"]
    )
    assert (await identity.reset(grant, OTHERS)).code == "validation_unavailable"
