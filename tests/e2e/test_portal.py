"""The portal's pages over the whole stack, as a browser without script sends and gets them."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from deploy.client.eventually import eventually
from deploy.tour import acts
from deploy.tour.person import Person
from deploy.tour.stage import Stage
from shared.randomness import Randomness
from tests.support.browser import Browser, Page
from tests.support.suite import Suite

LINK = re.compile(r"http\S+#[\w-]{40,}")
SESSION = "portico-session"


def a_source() -> str:
    """An address nobody has called from (RFC 2544: never a real host)."""
    low, high = Randomness().bytes(2)
    return f"198.19.{low}.{high}"


def browser_at(suite: Suite) -> Browser:
    addresses = suite.addresses
    return Browser(addresses.portals, urlsplit(addresses.portal).netloc, a_source())


@pytest_asyncio.fixture
async def browser(suite: Suite) -> AsyncIterator[Browser]:
    async with browser_at(suite) as opened:
        yield opened


async def enrolled(stage: Stage, person: Person) -> Person:
    """Somebody who has an account without a verified address."""
    person.patient_id, token = await acts.enrolment_token(stage, stage.stack.practice, person)
    await acts.enrol(stage, person, token)
    return person


async def verified(stage: Stage, person: Person) -> Person:
    """Somebody who has an account with a verified address."""
    await enrolled(stage, person)
    await acts.log_on(stage, person, person.username, person.password)
    welcome = await stage.mail(person, "Welcome")
    bearer = person.tokens["access_token"]
    body = {"token": acts.secret_of(welcome)}
    await stage.call("verify_email", 200, token=bearer, body=body)
    return person


async def logged_on(browser: Browser, person: Person) -> Page:
    page = await browser.get("/log-on")
    return await browser.press(page, "/log-on", username=person.username, password=person.password)


@pytest.mark.proves("EN-1", "ID-1", "ID-3", "EN-7", "EN-9", "ID-6")
async def test_a_person_enrols_verifies_and_comes_home_without_script(
    stage: Stage, browser: Browser, person: Person
) -> None:
    _, token = await acts.enrolment_token(stage, stage.stack.practice, person)

    page = await browser.get("/enrol/token")
    year, month, day = person.birth_date.split("-")
    born = {"birth_date_day": day, "birth_date_month": month, "birth_date_year": year}
    page = await browser.press(
        page, "/enrol/token", token=token.lower(), last_name=person.last_name, **born
    )
    page = await browser.press(page, "/enrol/terms", answer="accept")
    refused = await browser.press(page, "/enrol/e-mail", email="")
    assert "tick that you do not wish" in refused.problems
    page = await browser.press(refused, "/enrol/e-mail", email=person.address)
    weak = {"username": person.username, "password": "walnut", "again": "walnut"}
    refused = await browser.press(page, "/enrol/credentials", **weak)
    assert refused.status == 422
    assert re.search(r'class="not_met"[^<]*<[^>]*></span>A digit', refused.text)
    assert re.search(r'class="met"[^<]*<[^>]*></span>A small letter', refused.text)
    assert "walnut" not in refused.text
    good = {"username": person.username, "password": person.password, "again": person.password}
    page = await browser.press(refused, "/enrol/credentials", **good)
    assert page.heading == "Your account is made"

    welcome = await stage.mail(person, "Welcome")
    (link,) = set(LINK.findall(welcome.text))
    assert link.startswith(f"{stage.stack.portal}/verify-email#")
    page = await browser.get("/verify-email")
    page = await browser.press(page, "/verify-email", link=link)

    assert page.path == "/home?said=verified"
    assert "Lindenhof" in page.text


@pytest.mark.proves("RC-3", "ID-6")
async def test_a_mailed_link_is_used_up_by_no_get_and_waits_for_the_log_on(
    stage: Stage, browser: Browser, person: Person
) -> None:
    await enrolled(stage, person)
    welcome = await stage.mail(person, "Welcome")
    for method in ("GET", "HEAD", "GET"):
        await browser.request(method, "/verify-email")

    page = await browser.get("/verify-email")
    page = await browser.press(page, "/verify-email", link=acts.secret_of(welcome))
    assert page.path == "/log-on?said=verify"
    page = await browser.press(page, "/log-on", username=person.username, password=person.password)

    assert page.path == "/home?said=verified"


@pytest.mark.proves("RC-3", "SE-1")
async def test_a_forgotten_password_is_set_anew_and_ends_the_other_browsers_session(
    stage: Stage, suite: Suite, browser: Browser, person: Person
) -> None:
    await verified(stage, person)
    async with browser_at(suite) as other:
        assert (await logged_on(other, person)).heading == "Home"

        page = await browser.get("/forgot-password")
        page = await browser.press(page, "/forgot-password", username=person.username)
        page = await browser.press(page, "/forgot-password/link")
        assert page.heading == "Look into your mail"
        mail = await stage.mail(person, "Set a new")
        (link,) = set(LINK.findall(mail.text))
        page = await browser.get("/reset-password")
        page = await browser.press(page, "/reset-password", link=link)
        new = {"password": "Copper!Lantern-7391", "again": "Copper!Lantern-7391"}
        page = await browser.press(page, "/new-password", **new)
        assert page.heading == "Home"

        ended = await other.get("/settings")
        assert ended.path == "/log-on?next=/settings"
        assert SESSION not in other.cookies


@pytest.mark.proves("MG-1", "MG-3", "MG-4", "MG-6")
async def test_two_accounts_are_merged_once_though_the_form_is_sent_twice(
    stage: Stage, browser: Browser, person: Person
) -> None:
    await verified(stage, person)
    other = person.with_another_account(stage.randomness)
    _, token = await acts.enrolment_token(stage, stage.stack.neighbour, other)
    await acts.enrol(stage, other, token)
    await logged_on(browser, person)

    page = await browser.get("/merge/other")
    wrong = await browser.press(page, "/merge/other", username=other.username, password="wrong-1")
    assert "do not prove the other account" in wrong.problems
    page = await browser.press(
        wrong, "/merge/other", username=other.username, password=other.password
    )
    unticked = await browser.press(page, "/merge/confirm", password=person.password)
    assert "cannot be undone" in unticked.problems
    fields = {**page.forms["/merge/confirm"], "password": person.password, "confirm": "yes"}
    first, second = await asyncio.gather(
        browser.send("/merge/confirm", fields), browser.send("/merge/confirm", fields)
    )

    assert first.headers["Location"] == second.headers["Location"]
    merged = first.headers["Location"]

    async def done() -> None:
        page = await browser.get(merged)
        assert page.heading == "Your accounts are one"
        assert "Seeblick" in page.text

    await eventually(done, within=15)
    page = await browser.get("/log-on")
    assert page.path == "/home"
    await browser.press(page, "/log-off")
    page = await logged_on(browser, other)
    assert "account that stayed: " in page.problems


@pytest.mark.proves("LG-1", "LG-2", "MG-5", "UN-1")
async def test_the_log_on_page_is_the_same_for_every_account_that_it_refuses(
    stage: Stage, suite: Suite, person: Person
) -> None:
    known = await verified(stage, person)
    locked = await enrolled(stage, Person.met_for_the_first_time(stage.randomness))
    for _ in range(4):
        await acts.log_on(stage, locked, locked.username, "Wrong-Guess-1234", 401)
    gone = await enrolled(stage, Person.met_for_the_first_time(stage.randomness))
    token = await acts.client_token(stage, stage.stack.practice)
    path = {"patient_id": gone.patient_id}
    await stage.call("un_enrol_patient", 204, token=token, path=path, body=acts.AT_THE_DESK)
    tries = {
        "unknown": ("n" * len(known.username), "Wrong-Guess-1234"),
        "known": (known.username, "Wrong-Guess-1234"),
        "locked": (locked.username, "Wrong-Guess-1234"),
        "locked, right password": (locked.username, locked.password),
        "un-enrolled": (gone.username, "Wrong-Guess-1234"),
    }

    pages = {}
    for who, (name, password) in tries.items():
        async with browser_at(suite) as browser:
            page = await browser.get("/log-on")
            page = await browser.press(page, "/log-on", username=name, password=password)
            pages[who] = tuple(
                part.replace(name, "NAME") if isinstance(part, str) else part
                for part in page.alike()
            )

    assert len(set(pages.values())) == 1, pages


@pytest.mark.proves("RC-1", "RC-3")
@pytest.mark.parametrize(
    ("start", "field", "way"),
    [
        ("/forgot-username", "email", None),
        ("/forgot-password", "username", "/forgot-password/link"),
    ],
)
async def test_the_forgotten_pages_are_the_same_for_everybody(
    stage: Stage, suite: Suite, person: Person, start: str, field: str, way: str | None
) -> None:
    known = await verified(stage, person)
    unverified = await enrolled(stage, Person.met_for_the_first_time(stage.randomness))
    nobody = Person.met_for_the_first_time(stage.randomness)
    names = [
        getattr(each, "address" if field == "email" else "username")
        for each in (known, unverified, nobody)
    ]

    seen = set()
    for name in names:
        async with browser_at(suite) as browser:
            page = await browser.get(start)
            taken = await browser.send(start, {**page.forms[start], field: name})
            page = await browser.get(taken.headers["Location"])
            steps = [taken.alike(), page.alike()]
            if way is not None:
                sent = await browser.send(way, page.forms[way])
                steps += [sent.alike(), (await browser.get(sent.headers["Location"])).alike()]
            seen.add(tuple(steps))

    first = next(iter(seen))
    assert seen == {first}


@pytest.mark.proves("SE-1")
async def test_two_tabs_that_refresh_at_once_over_three_replicas_stay_logged_on(
    stage: Stage, suite: Suite, browser: Browser, person: Person
) -> None:
    await verified(stage, person)
    await logged_on(browser, person)

    for _ in range(5):
        stage.let_time_pass(61)
        pages = await asyncio.gather(*(browser.get("/settings") for _ in range(6)))
        assert {page.heading for page in pages} == {"Settings"}
    page = await browser.get("/settings/sessions")
    assert page.text.count("Last used") == 2  # this one, and the one that verified the address


@pytest.mark.proves("SE-1")
async def test_after_fifteen_minutes_the_page_says_why_and_leads_back(
    stage: Stage, browser: Browser, person: Person
) -> None:
    await verified(stage, person)
    await logged_on(browser, person)
    ends = await browser.get("/session/ends")
    assert 880 <= json.loads(ends.text)["seconds"] <= 900

    stage.let_time_pass(15 * 60)
    page = await browser.get("/sent")

    assert page.path == "/log-on?next=/sent"
    assert "nothing was done for 15 minutes" in page.text
    assert SESSION not in browser.cookies
    page = await browser.press(page, "/log-on", username=person.username, password=person.password)
    assert page.path == "/sent"


async def test_a_late_reply_of_an_old_tab_deletes_no_cookie_of_a_new_log_on(
    stage: Stage, browser: Browser, person: Person
) -> None:
    await verified(stage, person)
    await logged_on(browser, person)
    old = dict(browser.cookies)
    page = await browser.get("/home")
    await browser.press(page, "/log-off")
    await logged_on(browser, person)
    new = dict(browser.cookies)

    browser.cookies = old
    late = await browser.request("GET", "/home")
    stage.let_time_pass(61)
    later = await browser.request("GET", "/home")

    assert [late.status, later.status] == [303, 303]
    assert not [each for each in (*late.set_cookies, *later.set_cookies) if SESSION in each]
    browser.cookies = new
    assert (await browser.get("/home")).heading == "Home"


async def test_log_off_ends_the_session_everywhere_it_is_known(
    stage: Stage, browser: Browser, person: Person
) -> None:
    await verified(stage, person)
    page = await logged_on(browser, person)
    kept = dict(browser.cookies)

    page = await browser.press(page, "/log-off")

    assert "You are logged off." in page.text
    assert SESSION not in browser.cookies
    browser.cookies = kept  # whoever kept a copy
    page = await browser.get("/home")
    assert page.path == "/log-on?next=/home"


async def test_one_of_ones_sessions_is_ended_from_another(
    stage: Stage, suite: Suite, browser: Browser, person: Person
) -> None:
    await verified(stage, person)
    await logged_on(browser, person)
    async with browser_at(suite) as other:
        await logged_on(other, person)
        page = await browser.get("/settings/sessions")
        ends = [action for action in page.forms if action.endswith("/end")]
        page = await browser.press(page, "/settings/sessions/end-others")

        assert len(ends) >= 1
        assert "All other sessions were ended." in page.text
        assert (await other.get("/home")).path == "/log-on?next=/home"
    assert (await browser.get("/home")).heading == "Home"


@pytest.mark.proves("EN-5")
async def test_a_practice_is_added_to_the_account_one_has(
    stage: Stage, browser: Browser, person: Person
) -> None:
    await verified(stage, person)
    _, token = await acts.enrolment_token(stage, stage.stack.neighbour, person)

    page = await browser.get("/enrol/add")
    page = await browser.press(
        page, "/enrol/add", token=token, username=person.username, password=person.password
    )

    assert page.heading == "Home"
    assert "Seeblick" in page.text
    assert "Lindenhof" in page.text


@pytest.mark.proves("NT-8", "NT-5")
async def test_a_notice_is_read_and_put_away_and_what_was_sent_is_told(
    stage: Stage, browser: Browser, person: Person
) -> None:
    await verified(stage, person)
    await logged_on(browser, person)

    async def there() -> Page:
        page = await browser.get("/home")
        assert "Mark as read" in page.text
        return page

    page = await eventually(there, within=10)
    (read,) = (action for action in page.forms if action.endswith("/read"))
    page = await browser.press(page, read)
    assert "The notice is marked as read." in page.text
    (away,) = (action for action in page.forms if action.endswith("/dismiss"))
    page = await browser.press(page, away)
    assert "There is nothing new." in page.text

    async def told() -> None:
        page = await browser.get("/sent")
        assert "Welcome to your account" in page.text
        assert person.address not in page.text

    await eventually(told, within=10)


@pytest.mark.proves("ID-6", "SE-3")
async def test_an_old_session_gives_the_password_before_it_claims_an_address(
    stage: Stage, browser: Browser, person: Person
) -> None:
    person.patient_id, token = await acts.enrolment_token(stage, stage.stack.practice, person)
    terms = await stage.call("read_terms", 200)
    form = {
        "terms_version": terms.body["version"],
        "token": token,
        "birth_date": person.birth_date,
        "last_name": person.last_name,
        "no_email": True,
        "username": person.username,
        "password": person.password,
    }
    await stage.call("enrol", 201, body=form, source=person.source)
    page = await browser.get("/settings/sessions")
    page = await browser.press(page, "/log-on", username=person.username, password=person.password)
    assert page.path == "/gate/e-mail"
    page = await browser.press(page, "/gate/e-mail/skip")
    assert page.path == "/settings/sessions"  # what she came for, with the gate in between
    stage.let_time_pass(11 * 60)

    page = await browser.get("/settings/e-mail")
    page = await browser.press(page, "/settings/e-mail", email=person.address)
    assert "Type your password to go on." in page.problems
    wrong = await browser.press(
        page, "/settings/e-mail", email=person.address, password="Wrong-Guess-1234"
    )
    assert "not the password of your account" in wrong.problems
    page = await browser.press(
        wrong, "/settings/e-mail", email=person.address, password=person.password
    )

    assert page.path == "/settings/e-mail?said=sent"
    await stage.mail(person, "onfirm")


@pytest.mark.proves("ID-2", "SE-3")
async def test_a_username_is_changed_with_the_password_given_once(
    stage: Stage, browser: Browser, person: Person
) -> None:
    await verified(stage, person)
    await logged_on(browser, person)
    page = await browser.get("/settings/username")
    page = await browser.press(page, "/settings/username", username="juniper")
    assert "Type your password." in page.problems
    page = await browser.press(
        page, "/settings/username", username="blank inside", password=person.password
    )
    assert "A username has no blanks inside." in page.problems

    new = f"{person.username}.new"
    page = await browser.press(page, "/settings/username", username=new)  # the grant is carried

    assert page.path == "/settings?said=username"
    assert "Your username was changed." in page.text
    assert new in page.text
    await stage.mail(person, "username was changed")
    page = await browser.press(page, "/log-off")
    refused = await browser.press(
        page, "/log-on", username=person.username, password=person.password
    )
    assert "do not log you on" in refused.problems
    page = await browser.press(refused, "/log-on", username=new, password=person.password)
    assert page.path == "/home"


async def test_fifty_refusals_of_one_patient_lock_nobody_else_out(
    stage: Stage, suite: Suite, person: Person
) -> None:
    """The services believe the gateway about where a request comes from (LG-4)."""
    await verified(stage, person)
    async with browser_at(suite) as guesser:
        page = await guesser.get("/log-on")
        fields = {**page.forms["/log-on"], "password": "Wrong-Guess-1234"}
        for number in range(51):
            page = await guesser.send("/log-on", {**fields, "username": f"nobody.{number}"})
        assert page.status == 429
        assert "Please wait" in page.problems

    async with browser_at(suite) as other:
        assert (await logged_on(other, person)).heading == "Home"
