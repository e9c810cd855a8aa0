"""The five security questions at their gate and in the settings, where a plain way through ends."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any

import pytest
import pytest_asyncio

from deploy.client.eventually import eventually
from deploy.gateway.doors.identity import Identity
from deploy.gateway.web.refusals import Refused
from deploy.tour import acts
from deploy.tour.person import Person
from deploy.tour.stage import Stage
from tests.builders.questions import FIVE, OTHERS
from tests.e2e.test_absence import without
from tests.e2e.test_portal import browser_at, logged_on
from tests.e2e.test_portal_absence import at_gateway_of
from tests.support.browser import Browser, Page
from tests.support.suite import Suite

GATE, SETTINGS = "/gate/questions", "/settings/questions"
FORGOTTEN = "/forgot-password/questions"
OVER = {
    "en": "the ten minutes in which a new password could be set by them are over",
    "es": "ya pasaron los diez minutos en los que se podía poner con ellas una contraseña nueva",
}
WORDS = {
    "en": ("Type your password to go on.", "This is not the password of your account."),
    "es": ("Escriba su contraseña para continuar.", "Esta no es la contraseña de su cuenta."),
}


@asynccontextmanager
async def asking_for_questions(stage: Stage) -> AsyncIterator[None]:
    """A practice asks its patients for five questions; the demo's ask for none but meanwhile."""
    await asks(stage, True)
    try:
        yield
    finally:
        await asks(stage, False)


async def asks(stage: Stage, yes: bool) -> None:
    token = await acts.client_token(stage, stage.stack.neighbour)
    said = {**acts.AT_THE_DESK, "security_questions": yes}
    await stage.call("change_practice_settings", 200, token=token, body=said)


@pytest_asyncio.fixture
async def patient(stage: Stage, person: Person) -> AsyncIterator[Person]:
    """Somebody with an account at a practice that asks for five questions."""
    async with asking_for_questions(stage):
        practice = stage.stack.neighbour
        person.patient_id, token = await acts.enrolment_token(stage, practice, person)
        await acts.enrol(stage, person, token)
        yield person


@pytest_asyncio.fixture
async def own(suite: Suite) -> AsyncIterator[Browser]:
    """A browser at a gateway inside this process."""
    async with at_gateway_of(suite, {}) as opened:
        yield opened


@pytest_asyncio.fixture
async def browser(suite: Suite) -> AsyncIterator[Browser]:
    async with browser_at(suite) as opened:
        yield opened


def typed(answers: Mapping[str, str]) -> dict[str, str]:
    """As a person chooses five and types the answers."""
    fields: dict[str, str] = {}
    for place, (code, answer) in enumerate(answers.items(), start=1):
        fields |= {f"question{place}": code, f"answer{place}": answer}
    return fields


async def at_the_gate(browser: Browser, person: Person) -> Page:
    page = await logged_on(browser, person)
    assert page.path == GATE
    return page


@pytest.mark.proves("RC-8", "LG-3", "SE-3")
@pytest.mark.parametrize("language", WORDS)
async def test_later_than_ten_minutes_after_the_log_on_the_gate_asks_for_the_password_as_well(
    stage: Stage, browser: Browser, patient: Person, language: str
) -> None:
    browser.language = language
    asked, wrong = WORDS[language]
    page = await at_the_gate(browser, patient)
    assert 'name="password"' not in page.text
    stage.let_time_pass(11 * 60)

    late = await browser.press(page, GATE, **typed(FIVE))
    guessed = await browser.press(late, GATE, **typed(FIVE), password="Wrong-Guess-1234")
    done = await browser.press(guessed, GATE, **typed(FIVE), password=patient.password)

    assert (late.status, guessed.status) == (422, 422)
    assert asked in late.problems
    assert wrong in guessed.problems
    for shown in (late, guessed):
        assert 'name="password"' in shown.text
        assert all(f'value="{code}" selected' in shown.text for code in FIVE)  # what was chosen
        assert not [answer for answer in FIVE.values() if answer in shown.text]
    assert done.path == "/gate/e-mail"
    await opens(stage, patient, FIVE)


@pytest.mark.proves("RC-8", "SE-3")
async def test_a_mistake_beside_the_password_asks_for_it_no_second_time(
    stage: Stage, browser: Browser, patient: Person
) -> None:
    page = await at_the_gate(browser, patient)
    stage.let_time_pass(11 * 60)
    twice = typed(FIVE) | {"question2": "first-pet"}

    page = await browser.press(page, GATE, **twice, password=patient.password)
    assert "You have just shown that it is you." in page.text
    page = await browser.press(page, GATE, **typed(FIVE))

    assert page.path == "/gate/e-mail"


@pytest.mark.proves("RC-8", "LG-3")
async def test_who_sends_the_gate_again_since_the_reply_was_lost_goes_on_with_those_of_the_first(
    stage: Stage, browser: Browser, patient: Person
) -> None:
    page = await at_the_gate(browser, patient)
    before = dict(browser.cookies)
    await browser.press(page, GATE, **typed(FIVE))

    browser.cookies = before
    page = await browser.press(page, GATE, **typed(OTHERS))

    assert page.path == "/gate/e-mail"
    await opens(stage, patient, FIVE)


@pytest.mark.proves("RC-8")
@pytest.mark.parametrize(("path", "goes_on_to"), [(GATE, "/home"), (SETTINGS, "/settings")])
async def test_where_identity_goes_before_it_has_the_receipt_they_are_set_and_it_hears_by_itself(
    suite: Suite,
    stage: Stage,
    own: Browser,
    patient: Person,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    goes_on_to: str,
) -> None:
    page = await shows(own, patient, path)
    hear = Identity.hear_questions

    async with AsyncExitStack() as away:

        async def goes(self: Identity, *said: Any) -> None:
            await away.enter_async_context(without(suite, "identity"))
            await hear(self, *said)

        monkeypatch.setattr(Identity, "hear_questions", goes)
        sent = await own.send(path, {**page.forms[path], **typed(OTHERS)})
        next_page = await own.get(goes_on_to)

    assert (sent.status, sent.headers.get("Location")) == (303, f"{goes_on_to}?said=questions")
    assert (next_page.status, next_page.heading) == (503, "Not now")
    await eventually(partial(are_set, own))
    await opens(stage, patient, OTHERS)


@pytest.mark.proves("RC-8")
@pytest.mark.parametrize("path", [GATE, SETTINGS])
async def test_where_identity_does_not_know_recoverys_key_yet_it_hears_of_them_by_itself(
    own: Browser, patient: Person, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    page = await shows(own, patient, path)

    async def not_yet(self: Identity, *said: Any) -> None:
        raise Refused("catching_up", status=503)

    monkeypatch.setattr(Identity, "hear_questions", not_yet)
    sent = await own.send(path, {**page.forms[path], **typed(OTHERS)})

    assert sent.status == 303, sent.text
    await eventually(partial(are_set, own))


@pytest.mark.proves("RC-8")
@pytest.mark.parametrize(("path", "goes_on_to"), [(GATE, "/gate/e-mail"), (SETTINGS, "/settings")])
async def test_while_identity_is_away_none_are_set_and_the_same_form_sets_them_afterwards(
    suite: Suite, stage: Stage, browser: Browser, patient: Person, path: str, goes_on_to: str
) -> None:
    page = await shows(browser, patient, path)

    async with without(suite, "identity"):
        sent = await browser.press(page, path, **typed(OTHERS))
    if path == SETTINGS:
        await opens(stage, patient, FIVE)
    again = await browser.press(page, path, **typed(OTHERS))

    assert (sent.status, sent.heading) == (503, "Not now")
    assert f'href="{path}">Try again' in sent.text
    assert int(sent.headers["Retry-After"]) > 0
    assert again.path.partition("?")[0] == goes_on_to
    await opens(stage, patient, OTHERS)


async def shows(browser: Browser, person: Person, path: str) -> Page:
    """The gate; or the settings, where five are set and the password was given a moment ago."""
    page = await at_the_gate(browser, person)
    if path == GATE:
        return page
    await browser.press(page, GATE, **typed(FIVE))
    twice = typed(OTHERS) | {"question2": "first-pet"}
    page = await browser.get(SETTINGS)
    page = await browser.press(page, SETTINGS, **twice, password=person.password)
    assert "You have just shown that it is you." in page.text
    return page


async def are_set(browser: Browser) -> None:
    """She is let in to her settings, which say so."""
    page = await browser.get("/settings")
    assert page.path == "/settings"
    assert "By answering two of your security questions." in page.text


async def opens(stage: Stage, person: Person, answers: Mapping[str, str]) -> None:
    """These answers are the ones that are kept."""
    name = {"name": person.username}
    asked = await stage.call("ask_security_questions", 200, body=name)
    codes = [question["code"] for question in asked.body["questions"]]
    said = {**name, "answers": [{"code": code, "answer": answers[code]} for code in codes]}
    await stage.call("answer_security_questions", 200, body=said, source=person.source)


@pytest.mark.proves("RC-4")
@pytest.mark.parametrize("language", OVER)
async def test_right_answers_sent_again_after_ten_minutes_say_so_and_are_asked_for_anew(
    stage: Stage, browser: Browser, patient: Person, language: str
) -> None:
    browser.language = language
    await browser.press(await at_the_gate(browser, patient), GATE, **typed(FIVE))
    browser.cookies.clear()
    begun = await browser.get("/forgot-password")
    await browser.press(begun, "/forgot-password", username=patient.username)
    asked = await browser.get(FORGOTTEN)
    taken = await browser.press(asked, FORGOTTEN, **answers_to(asked))
    stage.let_time_pass(10 * 60)

    late = await browser.press(asked, FORGOTTEN, **answers_to(asked))
    anew = await browser.press(late, FORGOTTEN, **answers_to(late))

    assert (taken.path, late.path, anew.path) == ("/new-password", FORGOTTEN, "/new-password")
    assert OVER[language] in late.problems


def answers_to(page: Page) -> dict[str, str]:
    """What she answers to the two that are asked."""
    asked = page.forms[FORGOTTEN]
    return {f"answer{place}": FIVE[asked[f"code{place}"]] for place in (1, 2)}
