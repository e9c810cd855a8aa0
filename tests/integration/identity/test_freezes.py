"""RC-9: a link of a mail and the date of birth shut the account; its practice opens it again."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from services.identity.checkups import check_freezes
from shared.contracts.identity import LINKS_ELSEWHERE
from tests.builders.freezes import THIEF_S, a_link, change_password, freeze, frozen
from tests.builders.practices import Postman, PracticeDesk, add_practice, practice_desk
from tests.builders.two_step import turned_on
from tests.integration.identity.test_email_changes import changed
from tests.integration.identity.test_emails import claim, reauthenticate, session, verify
from tests.rigs.identity import Identity, Person, Recovery
from tests.support.statements import noted

pytestmark = pytest.mark.proves("RC-9")
MAIL, THIEF_S_MAIL, THIRD = "maria@mail.example", "thief@post.example", "third@post.example"
WRONG_DATE = "1984-05-04"
DEAD = (422, "link_invalid")


async def state(identity: Identity, person: Person) -> str:
    [row] = await identity.rows("SELECT state FROM accounts WHERE id = $1", person.id)
    return str(row["state"])


async def test_a_link_and_the_date_of_birth_freeze_the_account(
    identity: Identity, postman: Postman
) -> None:
    person = await identity.an_account(email=MAIL)
    link = await a_link(identity, postman, person)

    answer = await freeze(identity, link)

    assert (answer.status, answer.body) == (204, {})
    assert await state(identity, person) == "frozen"
    [told] = await identity.events("account-frozen")
    assert (told["recipients"], told["email_put_back"]) == ([MAIL], False)
    snapshot = (await identity.events("account-changed"))[-1]
    assert (snapshot["state"], snapshot["reset_by_practice"]) == ("frozen", True)
    assert snapshot["security_version"] == 3


async def test_what_opens_the_link_uses_nothing_up(identity: Identity, postman: Postman) -> None:
    person = await identity.an_account(email=MAIL)
    link = await a_link(identity, postman, person)

    for method in ("GET", "HEAD", "OPTIONS"):
        await identity.call(method, f"/freezes?token={link}")

    assert await state(identity, person) == "active"
    assert (await freeze(identity, link)).status == 204


async def test_a_link_lives_72_hours(identity: Identity, postman: Postman) -> None:
    people = [await identity.an_account(email=f"p{number}@mail.example") for number in range(2)]
    links = [await a_link(identity, postman, person) for person in people]

    identity.clock.advance(hours=71, minutes=59, seconds=59)
    in_time = await freeze(identity, links[0])
    identity.clock.advance(seconds=1)
    too_late = await freeze(identity, links[1])

    assert (in_time.status, too_late.refused()) == (204, DEAD)


async def test_three_wrong_dates_kill_the_link_and_no_reply_tells_why(
    identity: Identity, postman: Postman
) -> None:
    person, other = [await identity.an_account(email=mail) for mail in (MAIL, THIRD)]
    link, used = await a_link(identity, postman, person), await frozen(identity, postman, other)

    wrong = [await freeze(identity, link, WRONG_DATE) for _ in range(2)]
    third = await freeze(identity, link, WRONG_DATE)
    dead = await freeze(identity, link)
    unknown, again = await freeze(identity, "no link of ours"), await freeze(identity, used)

    assert {answer.refused() for answer in (*wrong, third, dead, unknown, again)} == {DEAD}
    assert len({repr(one.alike()) for one in (*wrong, third, dead, unknown, again)}) == 1
    assert await state(identity, person) == "active"
    rows = await identity.rows(
        "SELECT detail, subject FROM audit_entries"
        " WHERE action = 'account.freeze' AND outcome = 'refused'"
    )
    assert Counter(row["detail"] for row in rows) == {"wrong_birth_date": 3, "link_invalid": 3}
    assert {row["subject"] for row in rows if row["detail"] == "wrong_birth_date"} == {
        f"account:{person.id}"
    }


async def test_a_date_that_there_is_not_is_no_try(identity: Identity, postman: Postman) -> None:
    link = await a_link(identity, postman, await identity.an_account(email=MAIL))

    impossible = [await freeze(identity, link, "1984-02-30") for _ in range(4)]

    assert {one.refused() for one in impossible} == {(422, "birth_date_impossible")}
    assert (await freeze(identity, link)).status == 204


async def test_a_link_that_is_dead_or_none_takes_the_statements_of_a_wrong_date(
    identity: Identity, postman: Postman
) -> None:
    """By their time it would else be told whether a link lives, and with it a freeze."""
    people = [await identity.an_account(email=mail) for mail in (MAIL, THIRD, THIEF_S_MAIL)]
    live, void = [await a_link(identity, postman, person) for person in people[:2]]
    await identity.rows(
        "UPDATE one_time_secrets SET state = 'void', ended_at = now() WHERE owner = $1",
        people[1].id,
    )
    used = await frozen(identity, postman, people[2])

    taken = {}
    for what, link in {
        "live": live,
        "void": void,
        "used": used,
        "unknown": "no link of ours",
    }.items():
        with noted(identity.plumbing.database) as statements:
            assert (await freeze(identity, link, WRONG_DATE)).refused() == DEAD
        taken[what] = statements

    assert taken["live"]
    assert {what for what in taken if taken[what] != taken["live"]} == set()


async def test_of_64_guesses_at_once_three_are_compared(
    identity: Identity, second: Identity, postman: Postman
) -> None:
    person = await identity.an_account(email=MAIL)
    link = await a_link(identity, postman, person)

    answers = await asyncio.gather(
        *(freeze(one, link, WRONG_DATE) for _ in range(32) for one in (identity, second))
    )

    assert {answer.status for answer in answers} <= {422, 429}
    [row] = await identity.rows(
        "SELECT state, tries FROM one_time_secrets WHERE purpose = 'not-me'"
    )
    assert (row["state"], row["tries"]) == ("void", '{"birth-date": 3}')
    assert (await freeze(identity, link)).status != 204


async def test_of_64_uses_at_once_one_freezes(
    identity: Identity, second: Identity, postman: Postman
) -> None:
    person = await identity.an_account(email=MAIL)
    link = await a_link(identity, postman, person)

    answers = await asyncio.gather(
        *(freeze(one, link) for _ in range(32) for one in (identity, second))
    )

    assert [answer.status for answer in answers].count(204) == 1
    assert len(await identity.events("account-frozen")) == 1
    [row] = await identity.rows("SELECT security_version FROM accounts WHERE id = $1", person.id)
    assert row["security_version"] == 3


async def test_each_mail_has_a_link_of_its_own_and_a_later_one_ends_none(
    identity: Identity, postman: Postman
) -> None:
    """Who has the account's mails of later can use up none that was sent before."""
    person = await identity.an_account(email=MAIL)
    first = await a_link(identity, postman, person)
    await changed_by_the_thief(identity, postman, person)
    links = dict(await postman.not_me("account-email-changed"))

    killed = [await freeze(identity, links[THIEF_S_MAIL], WRONG_DATE) for _ in range(3)]
    dead = await freeze(identity, links[THIEF_S_MAIL])

    assert {answer.refused() for answer in (*killed, dead)} == {DEAD}
    assert sorted(links) == sorted([MAIL, THIEF_S_MAIL])
    assert (await freeze(identity, links[MAIL])).status == 204
    assert (await freeze(identity, first)).refused() == DEAD


async def changed_by_the_thief(identity: Identity, postman: Postman, person: Person) -> None:
    token = str((await identity.logged_on(person.username, THIEF_S))["access_token"])
    body = {"password": THIEF_S, "verb": "email"}
    grant = (await identity.call("POST", "/account/reauthenticate", body, token=token)).body
    await claim(identity, token, THIEF_S_MAIL, grant=grant["grant"])
    *_, link = await postman.tokens("email-verification-requested")
    assert (await verify(identity, token, link)).status == 200


async def test_nothing_of_before_opens_the_account(
    identity: Identity, postman: Postman, recovery: Recovery
) -> None:
    """No password, no session, no refresh, no grant and no link; the username stays hers."""
    person = await identity.an_account(email=MAIL)
    link = await a_link(identity, postman, person)
    thief = await identity.logged_on(person.username, THIEF_S)
    reset = await recovery.grant(person, security_version=2)
    proof = {"password": THIEF_S, "verb": "username"}
    token = thief["access_token"]
    grant = (await identity.call("POST", "/account/reauthenticate", proof, token=token)).body

    assert (await freeze(identity, link)).status == 204

    body = {"username": "taken.over", "reauthenticated": grant["grant"]}
    assert (await identity.call("GET", "/account", token=token)).status == 401
    assert (await identity.call("PUT", "/account/username", body, token=token)).status == 401
    assert (await identity.refresh(thief["refresh_token"])).code == "refresh_invalid"
    assert (await identity.reset(reset, "Harbour-Walnut-8")).code == "grant_superseded"
    after = await recovery.grant(person, security_version=3)
    assert (await identity.reset(after, "Harbour-Walnut-8")).code == "grant_superseded"
    live = await identity.rows("SELECT FROM one_time_secrets WHERE state = 'live'")
    assert live == []
    [ended] = await identity.rows(
        "SELECT DISTINCT ended_by FROM sessions WHERE ended_by = 'frozen'"
    )
    assert ended["ended_by"] == "frozen"


async def test_a_frozen_account_looks_like_a_wrong_password(
    identity: Identity, postman: Postman
) -> None:
    person, other = [await identity.an_account(email=mail) for mail in (MAIL, THIRD)]
    await frozen(identity, postman, person)

    right = await identity.log_on(person.username, THIEF_S)
    wrong = await identity.log_on(other.username, "Wrong-Guess-1234")

    assert right.alike() == wrong.alike()
    assert right.refused() == (401, "invalid_credentials")


async def test_an_e_mail_that_was_replaced_is_put_back(
    identity: Identity, postman: Postman
) -> None:
    person = await identity.an_account(email=MAIL)
    await changed(identity, postman, person, THIEF_S_MAIL)
    link = dict(await postman.not_me("account-email-changed"))[MAIL]

    assert (await freeze(identity, link)).status == 204

    [told] = await identity.events("account-frozen")
    assert (told["recipients"], told["email_put_back"]) == ([MAIL, THIEF_S_MAIL], True)
    snapshot = (await identity.events("account-changed"))[-1]
    assert (snapshot["email"], snapshot["reserved"]) == (MAIL, [])
    names = await identity.rows("SELECT name_key FROM log_on_names WHERE kind = 'email'")
    assert [row["name_key"] for row in names] == [MAIL]


async def test_of_several_that_were_replaced_the_first_is_put_back(
    identity: Identity, postman: Postman
) -> None:
    """Whoever changes it twice keeps none of his."""
    person = await identity.an_account(email="Maria@Mail.example")
    await changed(identity, postman, person, THIEF_S_MAIL)
    link = dict(await postman.not_me("account-email-changed"))["Maria@Mail.example"]
    await changed(identity, postman, person, THIRD)

    assert (await freeze(identity, link)).status == 204

    snapshot = (await identity.events("account-changed"))[-1]
    assert (snapshot["email"], snapshot["reserved"]) == ("Maria@Mail.example", [])


async def test_what_was_replaced_before_that_stays_replaced(
    identity: Identity, postman: Postman
) -> None:
    person = await identity.an_account(email=MAIL)
    await changed(identity, postman, person, THIRD)
    identity.clock.advance(hours=72)
    await identity.own_keys.ensure()

    await frozen(identity, postman, person)

    [told] = await identity.events("account-frozen")
    assert (told["recipients"], told["email_put_back"]) == ([THIRD], False)
    assert (await identity.events("account-changed"))[-1]["email"] == THIRD


async def test_a_claim_of_the_thief_s_is_forgotten(identity: Identity, postman: Postman) -> None:
    person = await identity.an_account(email=MAIL)
    link = await a_link(identity, postman, person)
    token = str((await identity.logged_on(person.username, THIEF_S))["access_token"])
    body = {"password": THIEF_S, "verb": "email"}
    grant = (await identity.call("POST", "/account/reauthenticate", body, token=token)).body
    assert (await claim(identity, token, THIEF_S_MAIL, grant=grant["grant"])).status == 202

    assert (await freeze(identity, link)).status == 204

    addresses = await identity.rows("SELECT address, state FROM account_emails")
    assert [tuple(row) for row in addresses] == [(MAIL, "verified")]


@pytest.mark.proves("ID-6")
@pytest.mark.parametrize("change", [0, 1, 2], ids=["the thief's", "her own", "a later one"])
async def test_what_was_put_back_by_its_holder_already_stays(
    identity: Identity, postman: Postman, change: int
) -> None:
    """Whichever link she uses: the first that was given up is the thief's."""
    person = await identity.an_account(email=MAIL)
    await changed(identity, postman, person, THIEF_S_MAIL)
    identity.clock.advance(seconds=1)
    await changed(identity, postman, person, MAIL)
    links = [link for to, link in await postman.not_me("account-email-changed") if to == MAIL]
    identity.clock.advance(seconds=1)
    links.append(await a_link(identity, postman, person))

    assert (await freeze(identity, links[change])).status == 204

    [told] = await identity.events("account-frozen")
    assert (told["email_put_back"], told["email_removed"]) == (False, False)
    assert (await identity.events("account-changed"))[-1]["email"] == MAIL
    names = await identity.rows("SELECT name_key FROM log_on_names WHERE kind = 'email'")
    assert [row["name_key"] for row in names] == [MAIL]


async def has_a_first(
    identity: Identity, postman: Postman, person: Person, address: str = THIEF_S_MAIL
) -> str:
    """A first account e-mail; the link of what its notification addresses hear of it."""
    identity.clock.advance(seconds=1)
    token = await session(identity, person)
    assert (await claim(identity, token, address)).status == 202
    *_, link = await postman.tokens("email-verification-requested")
    assert (await verify(identity, token, link)).status == 200
    return (await postman.not_me("account-email-verified"))[-1][1]


async def by_its_own_link(identity: Identity, postman: Postman, person: Person) -> str:
    return await has_a_first(identity, postman, person)


async def by_a_link_of_before(identity: Identity, postman: Postman, person: Person) -> str:
    link = await a_link(identity, postman, person)
    identity.clock.advance(seconds=1)
    token = str((await identity.logged_on(person.username, THIEF_S))["access_token"])
    assert (await claim(identity, token, THIEF_S_MAIL)).status == 202
    *_, verification = await postman.tokens("email-verification-requested")
    assert (await verify(identity, token, verification)).status == 200
    return link


async def with_another_in_its_place(identity: Identity, postman: Postman, person: Person) -> str:
    link = await has_a_first(identity, postman, person)
    await changed(identity, postman, person, THIRD)
    return link


async def as_the_username(identity: Identity, postman: Postman, person: Person) -> str:
    link = await has_a_first(identity, postman, person)
    await renamed(identity, person, THIEF_S_MAIL)
    return link


@pytest.mark.proves("ID-6")
@pytest.mark.parametrize(
    "verified",
    [by_its_own_link, by_a_link_of_before, with_another_in_its_place, as_the_username],
)
async def test_a_first_e_mail_that_came_with_the_change_or_after_it_is_taken_away(
    identity: Identity,
    postman: Postman,
    verified: Callable[[Identity, Postman, Person], Awaitable[str]],
) -> None:
    """Else it outlives the freeze: who reads it would set a password once a practice has."""
    person = await identity.an_account()
    link = await verified(identity, postman, person)

    assert (await freeze(identity, link)).status == 204

    [told] = await identity.events("account-frozen")
    assert (told["email_put_back"], told["email_removed"]) == (False, True)
    snapshot = (await identity.events("account-changed"))[-1]
    assert (snapshot["email"], snapshot["reserved"]) == (None, [])
    assert snapshot["username"] == person.username
    names = await identity.rows("SELECT name_key, kind FROM log_on_names")
    assert [tuple(row) for row in names] == [(person.username, "username")]
    assert not await identity.rows("SELECT FROM account_emails")
    [row] = await identity.rows("SELECT detail FROM audit_entries WHERE action = 'account.freeze'")
    assert row["detail"] == "email_removed"


@pytest.mark.proves("ID-6", "RC-6")
async def test_where_it_is_taken_away_the_records_are_told_again(
    desk: PracticeDesk, postman: Postman
) -> None:
    """Recovery has forgotten what it read of them while there was an e-mail."""
    identity, _, person = await one_at(desk)
    [record] = await identity.rows("SELECT id, version FROM patients")
    link = await by_a_link_of_before(identity, postman, person)

    assert (await freeze(identity, link)).status == 204

    told = (await identity.events("person-changed"))[-1]
    assert (told["patient_id"], told["account_id"]) == (str(record["id"]), str(person.id))
    [after] = await identity.rows("SELECT version FROM patients")
    assert after["version"] == record["version"] + 1


@pytest.mark.proves("ID-6")
async def test_an_e_mail_that_the_release_before_put_back_is_not_put_back_again(
    identity: Identity, postman: Postman
) -> None:
    """It left the address beside the name."""
    person = await identity.an_account(email=MAIL)
    await identity.rows("UPDATE log_on_names SET address = $1 WHERE kind = 'email'", MAIL)

    await frozen(identity, postman, person)

    [told] = await identity.events("account-frozen")
    assert (told["recipients"], told["email_put_back"]) == ([MAIL], False)


@pytest.mark.proves("ID-6")
async def test_a_first_e_mail_of_before_the_change_stays(
    identity: Identity, postman: Postman
) -> None:
    person = await identity.an_account()
    await has_a_first(identity, postman, person, MAIL)
    identity.clock.advance(seconds=1)

    await frozen(identity, postman, person)

    [told] = await identity.events("account-frozen")
    assert (told["recipients"], told["email_removed"]) == ([MAIL], False)
    assert (await identity.events("account-changed"))[-1]["email"] == MAIL


@pytest.mark.proves("ID-4")
async def test_a_username_that_was_the_address_follows_it_back(
    identity: Identity, postman: Postman
) -> None:
    person = await identity.an_account(email=MAIL)
    await changed(identity, postman, person, THIEF_S_MAIL)
    await renamed(identity, person, THIEF_S_MAIL)
    link = dict(await postman.not_me("account-email-changed"))[MAIL]

    assert (await freeze(identity, link)).status == 204

    snapshot = (await identity.events("account-changed"))[-1]
    assert (snapshot["username"], snapshot["email"]) == (MAIL, MAIL)
    assert snapshot["reserved"] == [person.username]


@pytest.mark.proves("ID-4")
async def test_where_that_can_be_no_username_the_one_before_is_put_back(
    identity: Identity, postman: Postman
) -> None:
    short = "m@e.x"
    person = await identity.an_account(email=short)
    await changed(identity, postman, person, THIEF_S_MAIL)
    await renamed(identity, person, THIEF_S_MAIL)
    link = dict(await postman.not_me("account-email-changed"))[short]

    assert (await freeze(identity, link)).status == 204

    snapshot = (await identity.events("account-changed"))[-1]
    assert (snapshot["username"], snapshot["email"]) == (person.username, short)
    assert snapshot["reserved"] == []


async def renamed(identity: Identity, person: Person, username: str) -> None:
    token = await session(identity, person)
    grant = await reauthenticate(identity, token, "username")
    body = {"username": username, "reauthenticated": grant}
    assert (await identity.call("PUT", "/account/username", body, token=token)).status == 200


async def test_a_changed_username_stays_and_the_old_one_means_the_account(
    identity: Identity, postman: Postman
) -> None:
    person = await identity.an_account(email=MAIL)
    await renamed(identity, person, "taken.over")
    [(to, link)] = await postman.not_me("username-changed")

    assert (await freeze(identity, link)).status == 204

    snapshot = (await identity.events("account-changed"))[-1]
    assert (to, snapshot["username"]) == (MAIL, "taken.over")
    assert snapshot["reserved"] == [person.username]


async def test_two_step_stays(identity: Identity, postman: Postman) -> None:
    person = await identity.an_account(email=MAIL)
    await turned_on(identity, person)
    [(_, link)] = await postman.not_me("two-step-turned-on")

    assert (await freeze(identity, link)).status == 204

    assert await identity.rows("SELECT FROM two_steps WHERE on_since IS NOT NULL")


async def test_without_an_account_e_mail_the_links_are_for_its_notification_addresses(
    identity: Identity, postman: Postman
) -> None:
    person = await identity.an_account()

    await change_password(identity, await session(identity, person))

    links = await postman.not_me("password-changed")
    assert [to for to, _ in links] == [str(person.id)] * LINKS_ELSEWHERE
    assert len({link for _, link in links}) == LINKS_ELSEWHERE
    [told] = await identity.events("password-changed")
    assert told["recipients"] == []
    assert (await freeze(identity, links[-1][1])).status == 204


@pytest.mark.proves("ID-6")
async def test_of_a_first_e_mail_the_notification_addresses_hear_as_well(
    identity: Identity, postman: Postman
) -> None:
    """It is a way in, and nobody but who claimed it reads it."""
    person = await identity.an_account()
    token = await session(identity, person)
    await claim(identity, token, THIEF_S_MAIL)
    [link] = await postman.tokens("email-verification-requested")

    assert (await verify(identity, token, link)).status == 200

    told = [to for to, _ in await postman.not_me("account-email-verified")]
    assert told == [THIEF_S_MAIL, *[str(person.id)] * LINKS_ELSEWHERE]


@pytest.mark.proves("ST-1")
async def test_a_practice_thaws_it_and_the_holder_is_told(
    desk: PracticeDesk, postman: Postman
) -> None:
    identity, patient_id, person = await one_at(desk)
    await frozen(identity, postman, person)
    assert (await desk.read(patient_id))["frozen"] is True

    answer = await desk.thaw(patient_id)

    assert answer.status == 204
    assert (await desk.read(patient_id))["frozen"] is False
    [told] = await identity.events("account-thawed")
    assert told["account_id"] == str(person.id)
    snapshot = (await identity.events("account-changed"))[-1]
    assert (snapshot["state"], snapshot["reset_by_practice"]) == ("active", True)
    [row] = await identity.rows(
        "SELECT staff, reason, subject FROM audit_entries WHERE action = 'account.thaw'"
    )
    assert tuple(row) == ("nurse-7", "came with her passport", f"account:{person.id}")


@pytest.mark.proves("ST-1")
@pytest.mark.parametrize("thaws", [0, 1], ids=["the first", "the one added since"])
async def test_either_of_her_two_practices_thaws_it_and_that_of_another_patient_does_not(
    desk: PracticeDesk, postman: Postman, thaws: int
) -> None:
    hers, identity, person = await two_of_one(desk)
    third = await practice_desk(identity)
    another_s = await third.enrolled(username="pat.reed")
    await frozen(identity, postman, person)

    foreign = [await third.thaw(patient_id) for _, patient_id in hers]
    crossed = [await at.thaw(of) for (at, _), (_, of) in zip(hers, reversed(hers), strict=True)]
    of_its_own = await third.thaw(another_s)
    still = await state(identity, person)
    at, patient_id = hers[thaws]
    answer = await at.thaw(patient_id)

    assert {each.refused() for each in (*foreign, *crossed)} == {(404, "not_found")}
    assert of_its_own.refused() == (409, "account_not_frozen")
    assert (still, answer.status) == ("frozen", 204)
    assert await state(identity, person) == "active"
    assert [(await one.read(record))["frozen"] for one, record in hers] == [False, False]
    rows = await identity.rows(
        "SELECT practice FROM audit_entries WHERE action = 'account.thaw' AND outcome = 'done'"
    )
    assert [str(row["practice"]) for row in rows] == [at.practice_id]


@pytest.mark.proves("ST-1")
@pytest.mark.parametrize("left", [0, 1], ids=["the first", "the one added since"])
async def test_of_two_practices_the_one_that_has_her_enrolled_still_thaws_it(
    desk: PracticeDesk, postman: Postman, left: int
) -> None:
    hers, identity, person = await two_of_one(desk)
    (at, record), (other, left_record) = hers[left], hers[1 - left]
    await frozen(identity, postman, person)
    await other.un_enrol(left_record)

    refused, thawed = await other.thaw(left_record), await at.thaw(record)

    assert refused.refused() == (409, "patient_not_enrolled")
    assert thawed.status == 204


async def two_of_one(
    desk: PracticeDesk,
) -> tuple[list[tuple[PracticeDesk, str]], Identity, Person]:
    """Somebody's two practices, each with her record there, and her."""
    identity, patient_id, person = await one_at(desk)
    second = await practice_desk(identity)
    added = await second.a_patient()
    token = (await second.issue(added)).body["token"]
    assert (await add_practice(identity, token)).status == 201
    return [(desk, patient_id), (second, added)], identity, person


async def one_at(desk: PracticeDesk) -> tuple[Identity, str, Person]:
    patient_id = await desk.enrolled()
    [row] = await desk.identity.rows("SELECT id FROM accounts WHERE username = 'maria.garcia'")
    person = Person(id=row["id"], username="maria.garcia", password="", email=None)
    return desk.identity, patient_id, person


async def test_after_the_thaw_nothing_of_before_is_a_way_in_and_no_link_by_e_mail(
    desk: PracticeDesk, postman: Postman, recovery: Recovery
) -> None:
    identity, patient_id, person = await one_at(desk)
    link = await frozen(identity, postman, person)
    await desk.thaw(patient_id)

    [row] = await identity.rows("SELECT security_version FROM accounts WHERE id = $1", person.id)
    by_mail = await recovery.grant(person, security_version=row["security_version"])

    assert (await identity.log_on(person.username, THIEF_S)).status == 401
    assert (await identity.reset(by_mail, "Harbour-Walnut-8")).code == "grant_superseded"
    assert (await freeze(identity, link)).refused() == DEAD


async def test_an_older_link_that_nobody_used_freezes_nothing_again_after_the_thaw(
    desk: PracticeDesk, postman: Postman
) -> None:
    identity, patient_id, person = await one_at(desk)
    await renamed(identity, person, "taken.over")
    used = await frozen(identity, postman, replace(person, username="taken.over"))
    sent = [*await postman.not_me("username-changed"), *await postman.not_me("password-changed")]
    unused = [link for _, link in sent if link != used]
    await desk.thaw(patient_id)
    before = await identity.rows("SELECT state, security_version FROM accounts")

    answers = [await freeze(identity, link) for link in unused]

    assert len(unused) == 2 * LINKS_ELSEWHERE - 1
    assert {answer.refused() for answer in answers} == {DEAD}
    assert await identity.rows("SELECT state, security_version FROM accounts") == before
    assert await state(identity, person) == "active"
    assert len(await identity.events("account-frozen")) == 1


@pytest.mark.proves("RC-5", "RC-9")
async def test_after_the_thaw_the_practices_token_is_the_way_in_and_then_every_other_one_too(
    desk: PracticeDesk, postman: Postman, recovery: Recovery
) -> None:
    identity, patient_id, person = await one_at(desk)
    await frozen(identity, postman, person)
    await desk.thaw(patient_id)
    [row] = await identity.rows("SELECT security_version FROM accounts WHERE id = $1", person.id)
    version = row["security_version"]
    others = [
        await recovery.grant(person, security_version=version, route=route)
        for route in ("link", "questions", "validation")
    ]
    token = await recovery.grant(person, security_version=version, route="practice-token")

    refused = [(await identity.reset(grant, "Harbour-Walnut-8")).code for grant in others]
    answer = await identity.reset(token, "Harbour-Walnut-8")
    by_mail = await recovery.grant(person, security_version=version + 1)

    assert refused == ["grant_superseded"] * 3
    assert answer.status == 200
    snapshot = (await identity.events("account-changed"))[-1]
    assert snapshot["reset_by_practice"] is False
    assert (await identity.log_on(person.username, "Harbour-Walnut-8")).status == 201
    assert (await identity.reset(by_mail, "Copper!Lantern-9")).status == 200


@pytest.mark.proves("ST-1")
async def test_what_is_not_frozen_is_not_thawed(desk: PracticeDesk, postman: Postman) -> None:
    identity, patient_id, person = await one_at(desk)
    early = await desk.thaw(patient_id)
    await frozen(identity, postman, person)

    answers = await asyncio.gather(*(desk.thaw(patient_id) for _ in range(16)))

    assert early.refused() == (409, "account_not_frozen")
    assert Counter(answer.status for answer in answers) == {204: 1, 409: 15}
    assert len(await identity.events("account-thawed")) == 1


async def test_an_operator_hears_of_who_froze_her_account_and_has_no_practice_left(
    desk: PracticeDesk, postman: Postman
) -> None:
    identity, patient_id, person = await one_at(desk)
    await frozen(identity, postman, person)
    assert await check_freezes(identity.plumbing) is None

    await desk.un_enrol(patient_id)

    assert "1 frozen accounts" in str(await check_freezes(identity.plumbing))
    assert (await desk.thaw(patient_id)).refused() == (409, "patient_not_enrolled")
    await desk.reactivate(patient_id)
    assert (await desk.thaw(patient_id)).status == 204


async def test_links_are_swept_once_they_are_dead(identity: Identity, postman: Postman) -> None:
    await a_link(identity, postman, await identity.an_account(email=MAIL))
    sweeper = identity.loop("one-time-secrets")

    identity.clock.advance(hours=71, minutes=59)
    await sweeper.once()
    kept = await identity.rows("SELECT FROM one_time_secrets")
    identity.clock.advance(minutes=1)
    await sweeper.once()

    assert len(kept) == 1
    assert await identity.rows("SELECT FROM one_time_secrets") == []


@pytest.mark.proves("MF-2")
async def test_its_devices_are_known_no_more(identity: Identity, postman: Postman) -> None:
    person = await identity.an_account(email=MAIL)
    await frozen(identity, postman, person)

    left = await identity.rows("SELECT FROM devices WHERE voided_at IS NULL")
    assert (left, bool(await identity.rows("SELECT FROM devices"))) == ([], True)
