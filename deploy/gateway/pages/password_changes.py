"""The password: another one is set, beside the one that is given up for it (ID-7, SE-3)."""

from collections.abc import Mapping
from typing import Annotated

from aiohttp import web
from msgspec import Meta

from deploy.gateway import flows
from deploy.gateway.doors.identity import Judged
from deploy.gateway.flows import PasswordFlow
from deploy.gateway.gates import NEW_PASSWORD, next_page
from deploy.gateway.pages.ceremonies import Answered
from deploy.gateway.pages.confirmations import Code, Proof, confirmed, is_confirmed
from deploy.gateway.pages.passwords import CandidateForm, NewPassword, marks, states
from deploy.gateway.pages.site import HOLDER, Site, arrive
from deploy.gateway.session import Inside, Kept
from deploy.gateway.web.forms import SECRET, Filled, FormPage
from deploy.gateway.web.messages import Problem
from deploy.gateway.web.refusals import Refused
from deploy.gateway.web.routes import Route, action, form, once_more, wrong
from deploy.gateway.web.sentences import FIELDS, MISSING
from deploy.gateway.web.visits import see

TOO_OFTEN = 429
FIELDS_OF: Mapping[str, str] = {
    "new_password": "password",
    "reauthenticated": "current",
    "reauthentication_failed": "current",
    "reauthentication_required": "current",
    "passkey_invalid": "current",
    "ceremony_over": "current",
}


class PasswordForm(Answered, frozen=True, kw_only=True):
    """The current password, or a passkey, is asked for once, however many new ones are tried in
    five minutes.
    """

    current: Annotated[str, SECRET, Meta(max_length=4096)] = ""
    code: Code = ""
    password: NewPassword
    again: NewPassword


async def show(site: Site, visit: Inside, filled: Filled) -> web.Response:
    """Ask for both, the rules beside the new one."""
    return await shown(site, visit, "settings_password.html", filled)


async def show_gate(site: Site, visit: Inside, filled: Filled) -> web.Response:
    """Ask for a longer one, where a practice has taken two-step away; who has set it goes on."""
    kept = visit.kept
    if all(gate.name != NEW_PASSWORD for gate in kept.gates):
        return see(next_page(kept.gates, scope=kept.scope, wanted=kept.wanted))
    return await shown(site, visit, "gate_new_password.html", filled)


async def shown(site: Site, visit: Inside, template: str, filled: Filled) -> web.Response:
    return site.page(
        visit,
        template,
        filled=filled,
        account=await site.account(visit),
        again=flows.said(visit),
        confirmed=is_confirmed(visit, PasswordFlow),
        marks=await marks(site, visit, filled.failed, await own_rules(site, visit)),
    )


async def own_rules(site: Site, visit: Inside) -> Judged | None:
    """Read the rules as they are for this account; None where it has asked often enough."""
    try:
        return await judged(site, visit, "")
    except Refused as refused:
        if refused.status != TOO_OFTEN:
            raise
        return None


async def change(site: Site, visit: Inside, sent: PasswordForm, key: str) -> web.Response:
    """Set it: every session ends, and this browser goes on in a new one."""
    if problems := tuple(missing(visit, sent)):
        return await show(site, visit, Filled(key=key, problems=problems, status=422))
    await set_once(site, visit, sent)
    return see("/settings?said=password")


async def change_at_gate(site: Site, visit: Inside, sent: PasswordForm, key: str) -> web.Response:
    """Likewise, and go on where that session stands."""
    if problems := tuple(missing(visit, sent)):
        return await show_gate(site, visit, Filled(key=key, problems=problems, status=422))
    wanted = visit.kept.wanted
    return await arrive(site, visit, await set_once(site, visit, sent), wanted)


async def set_once(site: Site, visit: Inside, sent: PasswordForm) -> Kept:
    session = await confirmed(
        site,
        visit,
        PasswordFlow,
        Proof(
            password=sent.current,
            code=sent.code,
            ceremony=sent.ceremony,
            credential=sent.credential,
        ),
        lambda token, grant: site.identity.change_password(visit, token, sent.password, grant),
    )
    return site.sessions.begin(visit, session, visit.kept)


def missing(visit: Inside, sent: PasswordForm) -> list[Problem]:
    """Name what can be seen to be wrong without asking anybody."""
    found = []
    if not (sent.current or sent.credential) and not is_confirmed(visit, PasswordFlow):
        found.append(wrong(visit, "current", MISSING["password"]))
    if sent.password != sent.again:
        found.append(wrong(visit, "again", FIELDS["passwords_differ"]))
    return found


async def judge(site: Site, visit: Inside, sent: CandidateForm, key: str) -> web.Response:
    """Tell the page's script which rules are met, beside what the account is known by."""
    return web.json_response({"rules": states(await judged(site, visit, sent.candidate))})


async def judge_at_gate(site: Site, visit: Inside, sent: CandidateForm, key: str) -> web.Response:
    """Likewise, where nothing but that gate's own pages can be reached."""
    return await judge(site, visit, sent, key)


async def judged(site: Site, visit: Inside, candidate: str) -> Judged:
    return await site.sessions.ask(visit, "identity", site.identity.check_new_password, candidate)


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
    *form(
        "/gate/new-password",
        HOLDER,
        FormPage(form=PasswordForm, show=show_gate, submit=change_at_gate, fields=FIELDS_OF),
    ),
    *action(
        "/gate/new-password/rules",
        HOLDER,
        FormPage(form=CandidateForm, show=once_more, submit=judge_at_gate),
    ),
)
