"""ID-2: the holder takes another username; the old one stays hers for a year, and opens nothing."""

import asyncio
from collections import Counter
from dataclasses import replace

import pytest

from services.identity.credentials.usernames import RESERVED_FOR
from tests.builders.merges import Registry
from tests.builders.practices import PracticeDesk, enrol, practice_desk
from tests.rigs.identity import PASSWORD, Identity, Person
from tests.rigs.replica import Answer

pytestmark = pytest.mark.proves("ID-2", "SE-3")
NEW = "maria.lopez"
MAIL = "maria@mail.example"
WRONG = "Wrong-Guess-1234"


async def session(identity: Identity, person: Person) -> str:
    return str((await identity.log_on(person.username)).body["access_token"])


async def grant(identity: Identity, token: str) -> str:
    body = {"password": PASSWORD, "verb": "username"}
    answer = await identity.call("POST", "/account/reauthenticate", body, token=token)
    return str(answer.body["grant"])


async def change(
    identity: Identity, token: str, username: str = NEW, *, by: str | None = None
) -> Answer:
    """Change it, with a grant of its own unless one is given."""
    body = {"username": username, "reauthenticated": by or await grant(identity, token)}
    return await identity.call("PUT", "/account/username", body, token=token)


async def much_later(identity: Identity, **time: float) -> None:
    """Its keys and its sweep go with the time."""
    identity.clock.advance(**time)
    await identity.own_keys.ensure()
    await identity.loop("name-sweeper").once()


async def test_a_changed_username_logs_on_and_the_old_one_does_not(identity: Identity) -> None:
    person = await identity.an_account(email=MAIL)
    token = await session(identity, person)

    changed = await change(identity, token, "  María.López ")

    assert (changed.status, changed.body) == (200, {"username": "María.López"})
    assert (await identity.call("GET", "/account", token=token)).body["username"] == "María.López"
    for name in ("MARÍA.LÓPEZ", MAIL):
        assert (await identity.log_on(name)).status == 201
    refused, unknown = await identity.log_on(person.username), await identity.log_on("nobody.here")
    assert refused.code == "invalid_credentials"
    assert refused.alike() == unknown.alike()


async def test_it_is_told_with_both_names_masked_and_with_a_snapshot(identity: Identity) -> None:
    person = await identity.an_account("juniper.hale", email=MAIL)
    token = await session(identity, person)

    await change(identity, token)

    [told] = await identity.events("username-changed")
    assert (told["recipients"], told["account_id"]) == ([MAIL], str(person.id))
    assert (told["old_username"], told["new_username"]) == ("j•••e", "m•••z")
    [snapshot] = await identity.events("account-changed")
    assert (snapshot["username"], snapshot["reserved"]) == (NEW, ["juniper.hale"])
    assert snapshot["security_version"] == 1


async def test_guesses_under_the_old_name_count_on_its_holder(identity: Identity) -> None:
    person = await identity.an_account()
    await change(identity, await session(identity, person))

    for guess in (WRONG, PASSWORD, WRONG, PASSWORD):  # the right one proves nothing either
        assert (await identity.log_on(person.username, guess)).code == "invalid_credentials"

    assert (await identity.log_on(NEW)).code == "invalid_credentials"
    identity.clock.advance(minutes=20)
    assert (await identity.log_on(NEW)).status == 201


async def test_the_old_name_is_nobody_elses_for_a_year_and_then_free(
    identity: Identity,
) -> None:
    person, old = await identity.an_account(), "juniper.before"
    token = await session(identity, person)
    for name in (old, NEW):
        await change(identity, token, name)

    await much_later(identity, seconds=RESERVED_FOR.total_seconds() - 1)
    desk = await practice_desk(identity)
    early = await enrol(identity, await desk.a_token(), username=old)
    still = (await identity.events("account-changed"))[-1]
    await much_later(identity, seconds=1)
    freed = (await identity.events("account-changed"))[-1]
    late = await enrol(identity, await desk.a_token(), username=old)

    assert (early.code, late.status) == ("username_taken", 201)
    assert (still["reserved"], freed["reserved"]) == ([old, person.username], [])


@pytest.mark.proves("ID-1", "ID-4")
async def test_a_full_width_name_is_the_plain_one_and_nobody_elses(identity: Identity) -> None:
    person, other = await identity.an_account(), await identity.an_account()
    full_width = "\uff4d\uff41\uff52\uff49\uff41.lopez"

    changed = await change(identity, await session(identity, person), f"\u200b{full_width}\ufeff ")
    taken = await change(identity, await session(identity, other), NEW.upper())

    assert (changed.status, changed.body) == (200, {"username": full_width})
    assert taken.code == "username_taken"
    for typed in (NEW, full_width, f"\u2060{NEW} \u00ad"):
        assert (await identity.log_on(typed)).status == 201


async def test_its_holder_may_have_it_back(identity: Identity) -> None:
    person = await identity.an_account()
    token = await session(identity, person)
    await change(identity, token)

    assert (await change(identity, token, person.username)).status == 200

    assert (await identity.log_on(person.username)).status == 201
    assert (await identity.events("account-changed"))[-1]["reserved"] == [NEW]


async def test_other_capitals_reserve_nothing_and_the_same_name_changes_nothing(
    identity: Identity,
) -> None:
    person = await identity.an_account("juniper.hale")
    token = await session(identity, person)

    assert (await change(identity, token, "Juniper.Hale")).status == 200
    assert (await change(identity, token, "Juniper.Hale")).status == 200

    [snapshot] = await identity.events("account-changed")
    assert (snapshot["username"], snapshot["reserved"]) == ("Juniper.Hale", [])
    assert len(await identity.events("username-changed")) == 1


@pytest.mark.proves("ID-4")
async def test_ones_own_verified_address_may_be_the_username_and_no_other(
    identity: Identity,
) -> None:
    person, other = await identity.an_account(email=MAIL), await identity.an_account()
    token = await session(identity, person)

    assert (await change(identity, token, "Maria@MAIL.example")).status == 200
    refused = await change(identity, await session(identity, other), MAIL)
    assert (await identity.log_on(MAIL)).status == 201
    assert (await change(identity, token, NEW)).status == 200
    assert (await identity.log_on(MAIL)).status == 201  # still the account e-mail

    assert refused.code == "username_is_an_address"


@pytest.mark.proves("V6.3.8")
async def test_a_taken_name_uses_up_no_grant_but_one_of_ten_tries_an_hour(
    identity: Identity,
) -> None:
    other = await identity.an_account()
    person = await identity.an_account()
    token = await session(identity, person)
    by = await grant(identity, token)

    answers = [await change(identity, token, other.username, by=by) for _ in range(10)]
    past_them = [await change(identity, token, name, by=by) for name in (other.username, NEW)]

    assert {answer.code for answer in answers} == {"username_taken"}
    assert [(answer.status, answer.code) for answer in past_them] == [
        (429, "too_many_requests")
    ] * 2
    assert past_them[0].headers["Retry-After"] == past_them[1].headers["Retry-After"] == "3600"
    identity.clock.advance(hours=1)
    token = await session(identity, person)
    assert (await change(identity, token)).status == 200


@pytest.mark.proves("ID-1", "ID-4", "V2.3.4")
async def test_of_sixteen_who_want_one_name_one_gets_it(
    identity: Identity, second: Identity, desk: PracticeDesk
) -> None:
    """Eight who change theirs, over two replicas, and eight who enrol."""
    people = [await identity.an_account() for _ in range(8)]
    tokens = [await session(identity, person) for person in people]
    grants = [await grant(identity, token) for token in tokens]
    slips = [await desk.a_token() for _ in range(8)]

    answers = await asyncio.gather(
        *(
            change(replica, token, by=by)
            for replica, token, by in zip([identity, second] * 4, tokens, grants, strict=True)
        ),
        *(enrol(identity, slip, username=NEW) for slip in slips),
    )

    codes = Counter(answer.code or "done" for answer in answers)
    assert codes == {"done": 1, "username_taken": 15}
    assert len(await identity.rows("SELECT FROM log_on_names WHERE name_key = $1", NEW)) == 1


async def test_two_who_swap_their_names_both_keep_them_and_neither_waits_for_the_other(
    identity: Identity, second: Identity
) -> None:
    people = [await identity.an_account() for _ in range(2)]
    tokens = [await session(identity, person) for person in people]

    for _ in range(5):
        answers = await asyncio.gather(
            change(identity, tokens[0], people[1].username),
            change(second, tokens[1], people[0].username),
        )
        assert [answer.code for answer in answers] == ["username_taken"] * 2


@pytest.mark.proves("MG-5")
async def test_after_a_merge_a_reserved_name_is_the_survivors(
    identity: Identity, registry: Registry
) -> None:
    survivor, absorbed = await registry.two()
    await change(identity, await session(identity, absorbed), "absorbed.later")

    await registry.merge(survivor, replace(absorbed, username="absorbed.later"))

    snapshots = await identity.events("account-changed")
    assert snapshots[-1]["reserved"] == [absorbed.username]
    assert (await identity.log_on(absorbed.username)).code == "invalid_credentials"
    assert (await identity.log_on("absorbed.later")).code == "account_merged"
