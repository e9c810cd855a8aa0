"""Where an account is logged on: each session as it began, to be ended (SE-1)."""

from collections.abc import Mapping, Sequence

from aiohttp import web

from deploy.gateway.pages.site import HOLDER, Site
from deploy.gateway.session import COOKIE, Inside
from deploy.gateway.web.agents import device_name
from deploy.gateway.web.languages import N_, Language
from deploy.gateway.web.routes import Nothing, Route, button, page
from deploy.gateway.web.visits import see

SAID: Mapping[str, str] = {
    "ended": N_("The session was ended."),
    "others": N_("All other sessions were ended."),
}
BEGUN_BY: Mapping[str, str] = {
    "password": N_("Begun with the password"),
    "password-reset": N_("Begun by setting a new password after a reset"),
    "password-change": N_("Begun by changing the password"),
    "passkey": N_("Begun with a passkey"),
}
AND: Mapping[str, str] = {
    "app": N_("and a code of the authenticator app"),
    "recovery-code": N_("and a recovery code"),
    "passkey": N_("and a passkey"),
}


def beginning_of(begun_by: Sequence[str], language: Language) -> str:
    """How it began, in one sentence; nothing where that was not kept."""
    words = [(AND if place else BEGUN_BY).get(by) for place, by in enumerate(begun_by)]
    return " ".join(language.say(text) for text in words if text)


async def sessions(site: Site, visit: Inside) -> web.Response:
    """Show where one is logged on."""
    account = await site.account(visit)
    listed = await site.sessions.ask(visit, "identity", site.identity.sessions)
    return site.page(
        visit,
        "settings_sessions.html",
        account=account,
        sessions=[
            (
                each,
                device_name(each.device_name, each.agent, visit.language),
                beginning_of(each.begun_by, visit.language),
            )
            for each in listed.sessions
        ],
        filled=site.empty(),
        said=visit.said(SAID),
    )


async def end_session(site: Site, visit: Inside, sent: Nothing, key: str) -> web.Response:
    """End one of one's sessions; one's own is to log off."""
    session_id = visit.request.match_info["session_id"]
    await site.sessions.ask(visit, "identity", site.identity.end_session, session_id)
    if session_id == visit.kept.session_id:
        visit.jar.delete(COOKIE)
        return see("/log-on?said=off")
    return see("/settings/sessions?said=ended")


async def end_others(site: Site, visit: Inside, sent: Nothing, key: str) -> web.Response:
    """End all but this one."""
    await site.sessions.ask(visit, "identity", site.identity.end_others)
    return see("/settings/sessions?said=others")


ROUTES: tuple[Route[Site], ...] = (
    *page("/settings/sessions", HOLDER, sessions),
    *button("/settings/sessions/{session_id}/end", HOLDER, end_session),
    *button("/settings/sessions/end-others", HOLDER, end_others),
)
