"""Coming in and going out: log-on, log-off, and a session's last minutes (LG-1, SE-1)."""

from collections.abc import Mapping
from typing import Annotated

from aiohttp import web
from msgspec import Meta

from deploy.gateway.pages.ceremonies import MOST, Answered, answer_of, begun, credential_id
from deploy.gateway.pages.site import ANYBODY, HOLDER, Site, arrive
from deploy.gateway.session import COOKIE, HOME, Inside
from deploy.gateway.web.forms import SECRET, Filled, Form, FormPage, NoForm
from deploy.gateway.web.languages import N_
from deploy.gateway.web.refusals import Away
from deploy.gateway.web.routes import Nothing, Route, action, button, form, page
from deploy.gateway.web.visits import CODE, Elsewhere, Visit, see

SAID: Mapping[str, str] = {
    "off": N_("You are logged off."),
    "off-later": N_(
        "You are logged off in this browser. Your session ends by itself within 15 minutes."
    ),
    "declined": N_(
        "You have declined the terms, and are logged off. Log on again to read and accept them."
    ),
    "codes": N_("Five wrong codes were given. Log on again."),
    "verify": N_("Log on to confirm your e-mail address."),
    "new-password": N_("Your new password is set. Log on with it."),
    "password-set": N_(
        "With this a new password was set already. Log on with it. If you do not know it, or it "
        "does not log you on, begin again."
    ),
}
UNKNOWN = "passkey_unknown"
ENDED = N_(
    "You were logged off: nothing was done for 15 minutes, or the session was 12 hours old, or you "
    "logged off elsewhere, or logged on in more than 50 places. Or something that protects your "
    "account was changed, such as the password, the e-mail address, two-step verification, a "
    "passkey or a device; or the account was frozen or merged, or your last practice ended your "
    "enrolment; or this session was used from two places. Log on to go on."
)


class LogOnForm(Form, frozen=True, kw_only=True):
    username: str
    password: Annotated[str, SECRET, Meta(max_length=4096)]
    next: str = HOME


class PasskeyForm(Answered, frozen=True, kw_only=True):
    """`username` is what was typed beside it, if anything; the answer is spent, and no secret."""

    username: str = ""
    credential: Annotated[str, MOST] = ""
    next: str = HOME


async def front(site: Site, visit: Visit) -> web.Response:
    """Lead to where one belongs."""
    return see(HOME if visit.logged_on else "/log-on")


async def show_log_on(site: Site, visit: Visit, filled: Filled) -> web.Response:
    """Show the log-on page, or lead home who is logged on.

    This page alone deletes a session's cookie: it asks with the one the browser sends now, so
    nothing of another tab that has logged on anew is lost.
    """
    wanted = site.own(filled.typed.get("next") or visit.request.query.get("next", HOME))
    said = visit.said(SAID)
    kept = site.sessions.look(visit)
    if kept is not None and visit.request.method == "GET":
        if kept.alive(visit.now):
            try:
                return await arrive(site, visit, await site.sessions.renew(visit, kept), wanted)
            except Elsewhere:
                said = visit.say(ENDED)
            except Away:
                return see(wanted)
        else:
            said = visit.say(ENDED)
        visit.jar.delete(COOKIE)
    visit.logged_on = False
    return site.page(
        visit,
        "log_on.html",
        filled=filled,
        wanted=wanted,
        said=said,
        unknown=credential_id(filled.typed["credential"])
        if visit.request.get(CODE) == UNKNOWN
        else None,
    )


async def log_on(site: Site, visit: Visit, sent: LogOnForm, key: str) -> web.Response:
    """Log on by username, or by the verified account e-mail."""
    session = await site.identity.log_on(visit, sent.username, sent.password)
    return await arrive(site, visit, site.sessions.begin(visit, session), sent.next)


async def ask_to_log_on(site: Site, visit: Visit, sent: Nothing, key: str) -> web.Response:
    """Begin a ceremony, for the page's script; it names nobody, and serves whoever comes."""
    return await begun(site.passkeys.to_log_on(visit))


async def log_on_by_passkey(site: Site, visit: Visit, sent: PasskeyForm, key: str) -> web.Response:
    """Log on without a name, or by the one that was typed (MF-7)."""
    answer = answer_of(sent)
    if answer is None:
        raise NoForm(400)
    session = await site.identity.log_on_by_passkey(visit, answer, sent.username or None)
    return await arrive(site, visit, site.sessions.begin(visit, session), sent.next)


async def log_off(site: Site, visit: Visit, sent: Nothing, key: str) -> web.Response:
    """End the session. Its cookie goes in any case, and what the browser kept of our pages.

    By the refresh token, which ends it also where another tab has used it up, or nobody renewed
    what else is kept: no way to log off fails for a token that is too old.
    """
    kept = site.sessions.look(visit)
    said = "off"
    if kept is not None:
        try:
            await site.identity.revoke(visit, kept.refresh)
        except Away:
            said = "off-later"
        visit.jar.delete(COOKIE)
    response = see(f"/log-on?said={said}")
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


async def session_ends(site: Site, visit: Visit) -> web.Response:
    """Tell a page how many seconds are left, and whether there may be more; asking is no use of
    the session.
    """
    kept = site.sessions.look(visit)
    left = kept.left(visit.now) if kept else 0
    return web.json_response({"seconds": left, "renewable": kept is None or kept.renewable})


async def keep_session(site: Site, visit: Inside, sent: Nothing, key: str) -> web.Response:
    """Go on for another 15 minutes."""
    visit.kept = await site.sessions.renew(visit, visit.kept)
    return see(HOME) if "text/html" in visit.request.headers.get("Accept", "") else no_content()


def no_content() -> web.Response:
    return web.Response(status=204)


ROUTES: tuple[Route[Site], ...] = (
    *page("/", ANYBODY, front),
    *form(
        "/log-on",
        ANYBODY,
        FormPage(form=LogOnForm, show=show_log_on, submit=log_on),
    ),
    *action(
        "/log-on/passkey",
        ANYBODY,
        FormPage(form=PasskeyForm, show=show_log_on, submit=log_on_by_passkey),
    ),
    *button("/log-on/passkey/options", ANYBODY, ask_to_log_on, show=show_log_on),
    *button("/log-off", ANYBODY, log_off),
    *page("/session/ends", ANYBODY, session_ends),
    *button("/session/keep", HOLDER, keep_session),
)
