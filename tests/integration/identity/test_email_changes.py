"""ID-6: another address becomes the account e-mail; the old one stays until it does."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from services.identity.credentials.emails import RESERVED_FOR
from tests.builders.practices import Postman
from tests.integration.identity.test_emails import REQUESTED, claim, reauthenticate, session, verify
from tests.rigs.identity import Identity, Person, Recovery

pytestmark = pytest.mark.proves("ID-6", "SE-3")
OLD = "maria@mail.example"
NEW = "lopez@post.example"


async def asked(identity: Identity, token: str, address: str = NEW) -> int:
    """Claim it with a grant; return the status."""
    grant = await reauthenticate(identity, token)
    return (await claim(identity, token, address, grant=grant)).status


async def changed(identity: Identity, postman: Postman, person: Person, address: str = NEW) -> str:
    """Claim it and use its link; return the token of the session."""
    token = await session(identity, person)
    assert await asked(identity, token, address) == 202
    *_, link = await postman.tokens(REQUESTED)
    assert (await verify(identity, token, link)).status == 200
    return token


async def much_later(identity: Identity, after: timedelta) -> None:
    """Its keys and its sweep go with the time."""
    identity.clock.advance(seconds=after.total_seconds())
    await identity.own_keys.ensure()
    await identity.loop("name-sweeper").once()


async def test_the_old_one_stays_until_the_new_one_is_verified(
    identity: Identity, postman: Postman
) -> None:
    token = await session(identity, await identity.an_account(email=OLD))

    assert await asked(identity, token) == 202

    read = (await identity.call("GET", "/account", token=token)).body
    assert read["email"] == {"address": OLD, "state": "verified"}
    assert (await identity.log_on(OLD)).status == 201
    assert (await identity.log_on(NEW)).code == "invalid_credentials"
    assert await identity.events("account-email-changed") == []


async def test_once_verified_the_new_one_logs_on_and_the_old_one_does_not(
    identity: Identity, postman: Postman
) -> None:
    person = await identity.an_account(email=OLD)

    token = await changed(identity, postman, person)

    read = (await identity.call("GET", "/account", token=token)).body
    assert read["email"] == {"address": NEW, "state": "verified"}
    assert (await identity.log_on(NEW)).status == 201
    assert (await identity.log_on(OLD)).code == "invalid_credentials"


async def test_both_are_told_and_the_old_one_not_the_new_one_in_full(
    identity: Identity, postman: Postman
) -> None:
    person = await identity.an_account(email=OLD)

    await changed(identity, postman, person)

    [told] = await identity.events("account-email-changed")
    assert (told["recipients"], told["account_id"]) == ([OLD, NEW], str(person.id))
    assert told["new_email"] == "l•••@post.example"
    assert await identity.events("account-email-verified") == []
    [snapshot] = await identity.events("account-changed")
    assert (snapshot["email"], snapshot["reserved"]) == (NEW, [OLD])
    assert snapshot["security_version"] == 2


@pytest.mark.proves("SE-1")
async def test_all_sessions_but_this_one_end(identity: Identity, postman: Postman) -> None:
    person = await identity.an_account(email=OLD)
    elsewhere = await session(identity, person)

    token = await changed(identity, postman, person)

    assert (await identity.call("GET", "/account", token=elsewhere)).status == 401
    assert (await identity.call("GET", "/account", token=token)).status == 200
    ended = await identity.rows("SELECT ended_by FROM sessions WHERE ended_at IS NOT NULL")
    assert [row["ended_by"] for row in ended] == ["email-change"]


async def test_a_link_for_a_new_password_that_went_to_the_old_one_is_void(
    identity: Identity, postman: Postman, recovery: Recovery
) -> None:
    person = await identity.an_account(email=OLD)
    mailed_before = await recovery.grant(person)

    await changed(identity, postman, person)

    refused = await identity.reset(mailed_before, "Copper!Lantern-9")
    assert refused.code == "grant_superseded"


async def test_a_session_alone_changes_none_however_fresh_it_is(
    identity: Identity, postman: Postman
) -> None:
    token = await session(identity, await identity.an_account(email=OLD))

    refused = await claim(identity, token, NEW)

    assert (refused.status, refused.code) == (403, "reauthentication_required")
    assert await identity.events(REQUESTED) == []


async def test_the_one_it_is_already_is_not_claimed_in_whatever_spelling(
    identity: Identity, postman: Postman
) -> None:
    token = await session(identity, await identity.an_account(email=OLD))

    for same in (OLD, " Maria@MAIL.example "):
        assert (await claim(identity, token, same)).code == "email_verified"


async def test_the_old_one_is_the_account_s_for_72_hours_and_then_free(
    identity: Identity, postman: Postman
) -> None:
    person, other = await identity.an_account(email=OLD), await identity.an_account()
    await changed(identity, postman, person)

    await much_later(identity, RESERVED_FOR - timedelta(seconds=1))
    await claim(identity, await session(identity, other), OLD)
    early = (await identity.events(REQUESTED))[-1]
    await much_later(identity, timedelta(seconds=1))
    freed = (await identity.events("account-changed"))[-1]
    token = await session(identity, other)
    await claim(identity, token, OLD)
    *_, link = await postman.tokens(REQUESTED)

    assert timedelta(hours=72) == RESERVED_FOR
    assert (early["claim"], freed["reserved"]) == ("taken", [])
    assert (await verify(identity, token, link)).status == 200


async def test_its_holder_may_have_it_back_at_once(identity: Identity, postman: Postman) -> None:
    person = await identity.an_account(email=OLD)
    await changed(identity, postman, person)

    await changed(identity, postman, person, OLD)

    assert (await identity.log_on(OLD)).status == 201
    assert (await identity.events("account-changed"))[-1]["reserved"] == [NEW]


async def rename(identity: Identity, token: str, username: str) -> int:
    body = {
        "username": username,
        "reauthenticated": await reauthenticate(identity, token, "username"),
    }
    return (await identity.call("PUT", "/account/username", body, token=token)).status


@pytest.mark.proves("ID-4")
async def test_a_username_that_is_the_address_is_replaced_with_it(
    identity: Identity, postman: Postman
) -> None:
    person = await identity.an_account(email=OLD)
    token = await session(identity, person)
    assert await rename(identity, token, "Maria@mail.example") == 200

    assert await asked(identity, token, "López@post.example") == 202
    *_, link = await postman.tokens(REQUESTED)
    assert (await verify(identity, token, link)).status == 200

    read = (await identity.call("GET", "/account", token=token)).body
    assert (read["username"], read["email"]["address"]) == ("López@post.example",) * 2
    assert (await identity.log_on("LÓPEZ@post.example")).status == 201
    assert (await identity.log_on(OLD)).code == "invalid_credentials"
    assert await identity.events("username-changed") != []  # of her own change alone
    assert len(await identity.events("username-changed")) == 1


@pytest.mark.proves("ID-4")
async def test_an_address_that_is_too_long_for_a_username_waits_for_another_username(
    identity: Identity, postman: Postman
) -> None:
    person = await identity.an_account(email=OLD)
    token, long = await session(identity, person), f"{'m' * 50}@post.example"
    await rename(identity, token, OLD)

    grant = await reauthenticate(identity, token)
    refused = await claim(identity, token, long, grant=grant)
    await rename(identity, token, "maria.lopez")

    assert refused.code == "address_no_username"
    assert (await claim(identity, token, long, grant=grant)).status == 202


@pytest.mark.proves("ID-4")
async def test_of_64_who_change_to_one_address_and_two_who_claim_it_first_one_gets_it(
    identity: Identity, second: Identity, postman: Postman
) -> None:
    """Changes of a verified address, and first claims of who has none, over two replicas."""
    people = [
        await identity.an_account(email=None if number % 2 else f"person.{number}@mail.example")
        for number in range(64)
    ]
    tokens = [await session(identity, person) for person in people]
    await identity.rows("DELETE FROM outbox")
    for token in tokens:
        assert await asked(identity, token) == 202
        await identity.rows("DELETE FROM limits")
    links = await postman.tokens(REQUESTED)

    answers = await asyncio.gather(
        *(
            verify((identity, second)[number % 2], token, link)
            for number, (token, link) in enumerate(zip(tokens, links, strict=True))
        )
    )

    assert Counter(answer.code or "done" for answer in answers) == {
        "done": 1,
        "email_unavailable": 63,
    }
    rows = await identity.rows("SELECT account_id FROM log_on_names WHERE name_key = $1", NEW)
    [winner] = [people[at] for at, answer in enumerate(answers) if answer.status == 200]
    assert [row["account_id"] for row in rows] == [winner.id]
    kept = await identity.rows("SELECT address FROM account_emails WHERE state = 'verified'")
    assert len(kept) == 32 + (winner.email is None)


async def test_who_loses_that_race_keeps_the_old_one_and_the_link(
    identity: Identity, postman: Postman
) -> None:
    person, other = await identity.an_account(email=OLD), await identity.an_account()
    token, theirs = await session(identity, person), await session(identity, other)
    await asked(identity, token)
    await claim(identity, theirs, NEW)
    mine, others = await postman.tokens(REQUESTED)
    await verify(identity, theirs, others)

    refused = await verify(identity, token, mine)

    assert refused.code == "email_unavailable"
    assert (await identity.log_on(OLD)).status == 201
    live = await identity.rows(
        "SELECT state FROM one_time_secrets WHERE owner = $1 AND purpose = 'email-verification'",
        person.id,
    )
    assert [row["state"] for row in live] == ["live"]
