"""The password: another one is set, beside the one that is given up for it (ID-7, SE-3)."""

from collections.abc import Mapping
from typing import Annotated

from aiohttp import web
from msgspec import Meta

from deploy.gateway import flows
from deploy.gateway.flows import PasswordFlow
from deploy.gateway.pages.confirmations import Code, Proof, confirmed, is_confirmed
from deploy.gateway.pages.log_on import once_more
from deploy.gateway.pages.passwords import NewPassword, marks, states
from deploy.gateway.pages.site import HOLDER, Site
from deploy.gateway.session import Inside
from deploy.gateway.web.forms import SECRET, Filled, Form, FormPage
from deploy.gateway.web.messages import Problem
from deploy.gateway.web.routes import Route, action, form, wrong
from deploy.gateway.web.sentences import FIELDS, MISSING
from deploy.gateway.web.visits import see

FIELDS_OF: Mapping[str, str] = {
    "new_password": "password",
    "reauthenticated": "current",
    "reauthentication_failed": "current",
    "reauthentication_required": "current",
}


class PasswordForm(Form, frozen=True, kw_only=True):
    """The current password is asked for once, however many new ones are tried in five minutes."""

    current: Annotated[str, SECRET, Meta(max_length=4096)] = ""
    code: Code = ""
    password: NewPassword
    again: NewPassword


class CandidateForm(Form, frozen=True, kw_only=True):
    candidate: NewPassword = ""
    username: str = ""


async def show(site: Site, visit: Inside, filled: Filled) -> web.Response:
    """Ask for both, the rules beside the new one."""
    return site.page(
        visit,
        "settings_password.html",
        status=filled.status,
        filled=filled,
        account=await site.account(visit),
        again=flows.said(visit),
        confirmed=is_confirmed(visit, PasswordFlow),
        marks=await marks(site, visit, filled.failed),
    )


async def change(site: Site, visit: Inside, sent: PasswordForm, key: str) -> web.Response:
    """Set it: every session ends, and this browser goes on in a new one."""
    problems = tuple(missing(visit, sent))
    if problems:
        return await show(site, visit, Filled(key=key, problems=problems, status=422))
    session = await confirmed(
        site,
        visit,
        PasswordFlow,
        Proof(password=sent.current, code=sent.code),
        lambda token, grant: site.identity.change_password(visit, token, sent.password, grant),
    )
    site.sessions.begin(visit, session)
    return see("/settings?said=password")


def missing(visit: Inside, sent: PasswordForm) -> list[Problem]:
    """Name what can be seen to be wrong without asking anybody."""
    found = []
    if not sent.current and not is_confirmed(visit, PasswordFlow):
        found.append(wrong(visit, "current", MISSING["password"]))
    if sent.password != sent.again:
        found.append(wrong(visit, "again", FIELDS["passwords_differ"]))
    return found


async def judge(site: Site, visit: Inside, sent: CandidateForm, key: str) -> web.Response:
    """Tell the page's script which rules are met, beside what the account is known by."""
    judged = await site.sessions.ask(
        visit,
        "identity",
        lambda token: site.identity.check_new_password(visit, token, sent.candidate),
    )
    return web.json_response({"rules": states(judged)})


ROUTES: tuple[Route[Site], ...] = (
    *form(
        "/settings/password",
        HOLDER,
        FormPage(form=PasswordForm, show=show, submit=change, fields=FIELDS_OF),
    ),
    *action(
        "/settings/password/rules",
        HOLDER,
        FormPage(form=CandidateForm, show=once_more, submit=judge),
    ),
)
