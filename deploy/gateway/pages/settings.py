"""The account's settings, and the sessions it is logged on in (ID-8, SE-1)."""

from collections.abc import Mapping

from aiohttp import web

from deploy.gateway.pages.log_on import Nothing, once_more
from deploy.gateway.pages.site import HOLDER, Site
from deploy.gateway.session import COOKIE, Inside
from deploy.gateway.web.forms import Filled, FormPage
from deploy.gateway.web.languages import N_, NAMES
from deploy.gateway.web.routes import Route, action, page
from deploy.gateway.web.visits import see

SAID: Mapping[str, str] = {
    "ended": N_("The session was ended."),
    "others": N_("All other sessions were ended."),
    "username": N_("Your username was changed. Log on with the new one from now on."),
    "password": N_("Your password was changed. You are logged off everywhere else."),
    "language": N_("Your language and time zone were changed."),
}


async def settings(site: Site, visit: Inside) -> web.Response:
    """Show every setting in one list, each with the way to change it."""
    said = SAID.get(visit.request.query.get("said", ""))
    return site.page(
        visit,
        "settings.html",
        account=await site.account(visit),
        names=NAMES,
        said=visit.say(said) if said else None,
    )


async def sessions(site: Site, visit: Inside) -> web.Response:
    """Show where one is logged on."""
    account = await site.account(visit)
    listed = await site.sessions.ask(
        visit, "identity", lambda token: site.identity.sessions(visit, token)
    )
    said = SAID.get(visit.request.query.get("said", ""))
    return site.page(
        visit,
        "settings_sessions.html",
        account=account,
        sessions=listed.sessions,
        filled=Filled(key=str(site.randomness.uuid())),
        said=visit.say(said) if said else None,
    )


async def end_session(site: Site, visit: Inside, sent: Nothing, key: str) -> web.Response:
    """End one of one's sessions; one's own is to log off."""
    session_id = visit.request.match_info["session_id"]
    await site.sessions.ask(
        visit, "identity", lambda token: site.identity.end_session(visit, token, session_id)
    )
    if session_id == visit.kept.session_id:
        visit.jar.delete(COOKIE)
        return see("/log-on?said=off")
    return see("/settings/sessions?said=ended")


async def end_others(site: Site, visit: Inside, sent: Nothing, key: str) -> web.Response:
    """End all but this one."""
    await site.sessions.ask(visit, "identity", lambda token: site.identity.end_others(visit, token))
    return see("/settings/sessions?said=others")


ROUTES: tuple[Route[Site], ...] = (
    *page("/settings", HOLDER, settings),
    *page("/settings/sessions", HOLDER, sessions),
    *action(
        "/settings/sessions/{session_id}/end",
        HOLDER,
        FormPage(form=Nothing, show=once_more, submit=end_session),
    ),
    *action(
        "/settings/sessions/end-others",
        HOLDER,
        FormPage(form=Nothing, show=once_more, submit=end_others),
    ),
)
