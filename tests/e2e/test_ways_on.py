"""What a page that refuses leads to: the place where it can be put right."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from deploy.tour import acts
from deploy.tour.person import Person
from deploy.tour.stage import Stage
from tests.e2e.test_portal import SESSION, browser_at, enrolled, logged_on, verified
from tests.support.browser import Browser
from tests.support.suite import Suite


@pytest_asyncio.fixture
async def browser(suite: Suite) -> AsyncIterator[Browser]:
    async with browser_at(suite) as opened:
        yield opened


@pytest.mark.proves("EN-1", "EN-7")
async def test_an_address_that_is_none_is_typed_again_before_the_account_is_made(
    stage: Stage, browser: Browser, person: Person
) -> None:
    _, token = await acts.enrolment_token(stage, stage.stack.practice, person)
    year, month, day = person.birth_date.split("-")
    page = await browser.press(
        await browser.get("/enrol/token"),
        "/enrol/token",
        token=token,
        last_name=person.last_name,
        birth_date_day=day,
        birth_date_month=month,
        birth_date_year=year,
    )
    page = await browser.press(page, "/enrol/terms", answer="accept")
    page = await browser.press(page, "/enrol/e-mail", email="june@mail_of.example")
    chosen = {
        "username": person.username,
        "password": person.password,
        "again": person.password,
    }
    page = await browser.press(page, "/enrol/credentials", **chosen)
    assert "This is not an e-mail address" in page.problems
    assert 'href="/enrol/e-mail"' in page.text

    page = await browser.get("/enrol/e-mail")
    assert page.forms["/enrol/e-mail"]["email"] == "june@mail_of.example"
    page = await browser.press(page, "/enrol/e-mail", email=person.address)
    page = await browser.press(page, "/enrol/credentials", **chosen)

    assert page.path == "/enrol/done"


@pytest.mark.proves("ID-6")
async def test_a_dead_link_for_an_address_leads_to_another_one_and_to_no_new_password(
    stage: Stage, browser: Browser, person: Person
) -> None:
    await enrolled(stage, person)
    link = acts.secret_of(await stage.mail(person, "Welcome"))
    stage.let_time_pass(61 * 60)
    await logged_on(browser, person)

    page = await browser.press(await browser.get("/verify-email"), "/verify-email", link=link)

    assert "This link does not work" in page.problems
    summary = page.text.partition('id="summary"')[2].partition("</div>")[0]
    assert '<a href="/settings/e-mail">Ask for a new link</a>' in summary
    assert "/forgot-password" not in summary


@pytest.mark.proves("ID-2", "ID-6", "ID-7", "SE-3")
@pytest.mark.parametrize(
    ("path", "typed"),
    [
        ("/settings/username", {"username": "somebody.else"}),
        ("/settings/e-mail", {"email": "somebody.else@mail.example"}),
        ("/settings/password", {"password": "Meadow-Lantern-42", "again": "Meadow-Lantern-42"}),
    ],
)
async def test_a_password_given_too_long_ago_is_asked_for_again(
    stage: Stage, browser: Browser, person: Person, path: str, typed: dict[str, str]
) -> None:
    await verified(stage, person)
    await logged_on(browser, person)
    page = await browser.get(path)
    current = "current" if path == "/settings/password" else "password"
    refused = {**typed, **dict.fromkeys(typed, "x@")}
    page = await browser.press(page, path, **refused, **{current: person.password})
    assert page.problems
    del browser.cookies[SESSION]
    await logged_on(browser, person)  # what was given was given in another session

    page = await browser.press(page, path, **typed)

    assert "Type your password to go on." in page.problems
    assert f'name="{current}"' in page.text
    assert "link" not in page.problems


@pytest.mark.proves("ID-2", "ID-4")
async def test_a_username_that_is_the_account_email_goes_on_as_that_and_the_mail_says_so(
    stage: Stage, browser: Browser, person: Person
) -> None:
    await verified(stage, person)
    await logged_on(browser, person)
    for name in (person.address, f"of.{person.username}"):
        page = await browser.get("/settings/username")
        assert "unless it is your account e-mail" in page.text
        page = await browser.press(
            page, "/settings/username", username=name, password=person.password
        )
        assert page.path == "/settings?said=username"

    mail = await stage.mail(person, "username was changed")

    assert "unless it is your account e-mail" in " ".join(mail.text.split())
    await acts.log_on(stage, person, person.address, person.password)
