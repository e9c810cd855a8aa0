"""Story 30: what a stranger's page, a foreign address and a stolen cookie come to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import expect
from yarl import URL

from deploy.tour.person import Person
from deploy.tour.stage import Stage
from tests.browse.conftest import AtPortal
from tests.browse.desk import Desk
from tests.browse.patient import Patient

SESSION = "portico-session"
SCRIPT = "<script>document.title='ran'</script>"


@asynccontextmanager
async def stranger(portal: str) -> AsyncIterator[int]:
    """A page of somebody else's, at every address of this machine: a form, and a frame."""

    async def form(request: web.Request) -> web.Response:
        return web.Response(
            content_type="text/html",
            text=f"""<!doctype html><title>Win</title><form method="post" action="{portal}/log-off">
            <input type="hidden" name="csrf" value="x"><button>Win</button></form>""",
        )

    async def frame(request: web.Request) -> web.Response:
        text = f'<!doctype html><title>Frame</title><iframe src="{portal}/log-on"></iframe>'
        return web.Response(content_type="text/html", text=text)

    application = web.Application()
    application.router.add_get("/form", form)
    application.router.add_get("/frame", frame)
    async with TestServer(application, host="127.0.0.1") as server:
        assert server.port is not None
        yield server.port


async def still_logged_on(ada: Patient) -> None:
    await ada.go("/home")
    await ada.at("/home")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"], ids=["another origin", "another port"])
async def test_a_strangers_form_does_nothing_and_asks_her_once_more(
    portal: str, desk: Desk, at_portal: AtPortal, somebody: Person, host: str
) -> None:
    async with stranger(portal) as port, at_portal(somebody) as ada:
        await ada.enrol(await desk.token_for(somebody))
        ada.visitor.faults.origins |= {f"http://{host}:{port}"}

        await ada.visitor.go(f"http://{host}:{port}/form")
        await ada.page.get_by_role("button", name="Win").click()

        await expect(ada.page).to_have_title("Error: Once more, please – Portico")
        await ada.sees("once more")
        await still_logged_on(ada)


async def test_no_page_of_a_strangers_frames_the_portal(
    portal: str, stage: Stage, at_portal: AtPortal, somebody: Person
) -> None:
    async with stranger(portal) as port, at_portal(somebody) as ada:
        ada.visitor.faults.origins |= {f"http://127.0.0.1:{port}"}
        ada.visitor.faults.expected += ["frame-ancestors"]

        await ada.visitor.go(f"http://127.0.0.1:{port}/frame")

        shown = [await each.title() for each in ada.page.frames[1:]]
        assert "Log on – Portico" not in shown


async def test_what_she_types_is_never_markup(
    desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    somebody.username = f"<b>{somebody.username}</b>"
    async with at_portal(somebody) as ada:
        for path, field in (("/log-on", "username"), ("/forgot-username", "email")):
            await ada.go(path)
            forms = ada.page.locator("main form")  # with the one for a passkey
            await forms.evaluate_all("all => all.forEach(form => { form.noValidate = true })")
            await ada.fill(**{field: f'"></form>{SCRIPT}'})
            await ada.press()
            assert "ran" not in await ada.page.title()
        await ada.go(f"/log-on?next=/{SCRIPT}&said={SCRIPT}")
        assert await ada.page.title() == "Log on – Portico"

        await ada.enrol(await desk.token_for(somebody))

        await expect(ada.main).to_contain_text(f"You are logged on as {somebody.username}.")
        await ada.go("/settings")
        await expect(ada.main).to_contain_text(somebody.username)


async def test_logging_on_leads_nowhere_else(
    desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    async with at_portal(somebody) as ada:
        await ada.enrol(await desk.token_for(somebody))
        for elsewhere in (
            "//evil.example",
            "/\\evil.example",
            "/%09/evil.example",
            "https://evil.example/home",
            "javascript:alert(1)",
            "/log-off",
        ):
            await ada.log_off()
            await ada.go(f"/log-on?next={elsewhere}")
            await ada.log_on()
            await ada.at("/home")
        await ada.log_off()
        await ada.go("/log-on?next=/settings")
        await ada.log_on()
        await ada.at("/settings")


async def test_another_host_name_is_not_answered(portal: str) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{portal}/log-on", headers={"Host": "evil.example"}) as reply,
    ):
        assert reply.status == 421
        assert reply.headers.getall("Set-Cookie", []) == []


async def cookie(ada: Patient, name: str) -> str:
    [value] = [
        each["value"] for each in await ada.visitor.context.cookies() if each["name"] == name
    ]
    return value


async def give(ada: Patient, name: str, value: str) -> None:
    """Put a cookie where the browser keeps its own."""
    host = URL(ada.portal).host
    assert host is not None
    await ada.visitor.context.add_cookies(
        [{"name": name, "value": value, "domain": host, "path": "/", "httpOnly": True}]
    )


async def test_a_cookie_is_good_in_its_own_place_in_its_own_session_and_until_its_end(
    desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    async with at_portal(somebody) as ada, at_portal(somebody) as thief:
        await ada.enrol(await desk.token_for(somebody))
        await ada.log_off()
        await give(ada, SESSION, "v1.planted")
        await ada.log_on()
        await ada.at("/home")
        stolen = await cookie(ada, SESSION)
        assert stolen != "v1.planted"  # nothing that was there before the log-on lives on

        for name, value in (
            ("portico-flow-reset", stolen),  # a session's in the place of a flow's
            (SESSION, await cookie(ada, "portico-visitor")),
            (SESSION, stolen[:-2] + "AA"),
            (SESSION, ""),
        ):
            await give(thief, name, value)
            for path in ("/new-password", "/home"):
                await thief.go(path)
                assert "Lindenhof" not in await thief.main.inner_text()
        await still_logged_on(ada)

        await ada.log_off()
        await give(ada, SESSION, stolen)
        await ada.go("/home")
        await expect(ada.page).to_have_title("Log on – Portico")
