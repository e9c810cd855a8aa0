"""A practice's side in a browser: the desk, beside a patient at the portal."""

import re
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from deploy.client.eventually import eventually
from deploy.tour import acts
from deploy.tour.person import Person
from deploy.tour.stage import Stage
from tests.e2e.test_portal import enrolled
from tests.support.browser import Browser, Page
from tests.support.suite import Suite


@pytest_asyncio.fixture
async def desk(suite: Suite) -> AsyncIterator[Browser]:
    """Somebody who sits at the first practice's desk."""
    url = suite.addresses.desk
    loopback = url.replace("localhost", "127.0.0.1")
    async with Browser([loopback], urlsplit(url).netloc, "198.19.255.1") as opened:
        page = await opened.get("/")
        page = await opened.press(page, "/", practice="Lindenhof", staff_id="desk-1")
        assert page.heading == "Patients"
        yield opened


async def of_patient(desk: Browser, person: Person) -> Page:
    return await desk.get(f"/patients/{person.patient_id}")


@pytest.mark.proves("ST-1", "EN-1")
async def test_a_patient_is_registered_and_given_a_slip_that_is_shown_once(
    desk: Browser, stage: Stage, person: Person
) -> None:
    page = await desk.get("/patients/register")
    page = await desk.press(
        page,
        "/patients/register",
        last_name=person.last_name,
        first_name=person.first_name,
        birth_date_day="17",
        birth_date_month="4",
        birth_date_year="1988",
    )
    assert page.heading == "Juniper Hale"
    order = f"{page.path}/tokens"
    fields = {**page.forms[order], "handed_over": "in-person"}

    slip = await desk.send(order, fields)
    again = await desk.send(order, fields)

    (token,) = re.findall(r'<p class="secret">([\w-]+)</p>', slip.text)
    await acts.enrol(stage, person, token)
    assert "shown once already" in again.problems
    assert token not in again.text


@pytest.mark.proves("NT-1", "NT-9", "NT-5")
async def test_a_message_is_told_once_though_the_button_is_pressed_twice(
    desk: Browser, stage: Stage, person: Person
) -> None:
    await enrolled(stage, person)
    page = await of_patient(desk, person)
    tell = f"{page.path}/messages"
    fields = {**page.forms[tell], "topic": "message"}

    async def known() -> None:
        assert (await desk.send(tell, fields)).status == 303

    await eventually(known, within=10)
    await desk.send(tell, fields)

    async def listed() -> None:
        page = await desk.get("/deliveries")
        assert page.text.count(person.patient_id) == 1

    await eventually(listed, within=10)


async def test_the_settings_say_what_is_allowed(desk: Browser) -> None:
    page = await desk.get("/settings")

    refused = await desk.press(page, "/settings", **set_to("5"))
    changed = await desk.press(refused, "/settings", **set_to("60"))

    assert "outside of what is allowed" in refused.problems
    assert "The setting was changed." in changed.text


def set_to(minutes: str) -> dict[str, str]:
    """The life of a reset link, and what is chosen from a list."""
    return {"reset_link_minutes": minutes, "channels": "email,portal"}


@pytest.mark.parametrize("ticked", ["yes", ""])
async def test_a_refused_page_keeps_a_tick_as_it_was_set(desk: Browser, ticked: str) -> None:
    settings = await desk.get("/settings")
    bulk = await desk.get("/patients/bulk")

    refused = [
        await desk.press(settings, "/settings", **set_to("5"), takes_requests=ticked),
        await desk.press(settings, "/settings", **set_to("x"), takes_requests=ticked),
        await desk.press(bulk, "/patients/bulk", rows="nothing of a list", invite=ticked),
    ]

    assert [page.status for page in refused] == [422, 422, 422]
    for page in refused:
        assert (" checked>" in page.text) == bool(ticked), page.heading


async def test_nobody_does_anything_at_the_desk_who_does_not_sit_there(suite: Suite) -> None:
    url = suite.addresses.desk
    loopback = url.replace("localhost", "127.0.0.1")
    async with Browser([loopback], urlsplit(url).netloc, "198.19.255.2") as nobody:
        assert (await nobody.get("/patients")).path == "/"
        page = await nobody.get("/")
        wrong = await nobody.press(
            page, "/", practice="other", client_id="0" * 36, client_secret="wrong"
        )

    assert "not known, or its secret is wrong" in wrong.problems


@pytest.mark.proves("DISC-1")
async def test_a_disclaimer_keeps_what_the_practices_system_has_worded_in_other_languages(
    desk: Browser, stage: Stage
) -> None:
    token = await acts.client_token(stage, stage.stack.practice)
    staff = {"staff_id": "system", "reason": "published"}
    body = {**staff, "texts": {"en": "Ask.", "fr": "Demandez."}}
    await stage.call("publish_disclaimer", 200, token=token, body=body)

    page = await desk.get("/disclaimer")
    await desk.press(page, "/disclaimer", en="Ask us.", es="Pregunte.", reason="reviewed")
    kept = await stage.call("read_disclaimer", 200, token=token)
    page = await desk.get("/disclaimer")
    await desk.press(page, "/disclaimer", en="", es="", reason="no more")
    none = await stage.call("read_disclaimer", 200, token=token)

    assert kept.body["texts"] == {"en": "Ask us.", "es": "Pregunte.", "fr": "Demandez."}
    assert none.body["texts"] == {}
