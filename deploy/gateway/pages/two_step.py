"""Two-step verification: offered once, and its settings (MF-1, MF-2, MF-4, MF-8)."""

from collections.abc import Mapping

import segno
from aiohttp import web

from deploy.gateway import flows, gates
from deploy.gateway.flows import AppFlow
from deploy.gateway.pages.confirmations import Code, Proof, grant_once
from deploy.gateway.pages.site import HOLDER, Site, on, on_to_home, onward, stands_at
from deploy.gateway.session import HOME, Inside
from deploy.gateway.web.forms import Filled, Form, FormPage
from deploy.gateway.web.languages import N_
from deploy.gateway.web.refusals import Away, Broken, Refused
from deploy.gateway.web.routes import Nothing, Route, button, form, page
from deploy.gateway.web.visits import Elsewhere, see

# what the password is given again for
TWO_STEP, TWO_STEP_OFF, RECOVERY_CODES = "two-step", "two-step-off", "recovery-codes"
SET_UP_OVER = "set_up_over"
APP = "app"  # one of the account's means
SETTINGS = "/settings/two-step"
SAID: Mapping[str, str] = {
    "replaced": N_("The new app is set up. Codes of the one before are not taken any more."),
    "mode": N_("When codes are asked for was changed."),
    "off": N_("Two-step verification is off. Your password alone logs you on."),
    "on": N_(
        "Two-step verification is on. If you have not seen your recovery codes, make new ones."
    ),
}
OVER = N_(  # where an app was set up, which may be the account's by now
    "This cannot go on: too much time has gone by, or it is done. If codes of the new app are not "
    "taken, begin again. If you have not seen your recovery codes, make new ones."
)


class CodeForm(Form, frozen=True, kw_only=True):
    code: Code


class ModeForm(Proof, frozen=True, kw_only=True):
    mode: str


async def show_offer(site: Site, visit: Inside) -> web.Response:
    """Offer it, once after the enrolment; who has it, or declined it, goes on."""
    if not stands_at(visit, gates.TWO_STEP):
        return await on(site, visit)
    return site.page(visit, "gate_two_step.html", key=str(site.randomness.uuid()))


async def decline_offer(site: Site, visit: Inside, sent: Nothing, key: str) -> web.Response:
    """Not now: it is not offered again, and stays in the settings."""
    await site.sessions.ask(visit, "identity", site.identity.skip, gates.TWO_STEP)
    return await on_to_home(site, visit, "two-step")


async def show_settings(site: Site, visit: Inside) -> web.Response:
    """Say whether it is on, and what can be done about it."""
    return site.page(
        visit,
        "settings_two_step.html",
        account=await site.account(visit),
        said=visit.said(SAID),
    )


async def show_by_passkeys(site: Site, visit: Inside, filled: Filled) -> web.Response:
    """Say what it means to have it by passkeys; who has none makes one first. Where it is on by
    what was sent before, its reply got lost, and the codes with it.
    """
    account = await site.account(visit)
    if account.two_step.on or not account.passkeys.usable:
        return see(f"{SETTINGS}?said=on" if account.two_step.on and filled.problems else SETTINGS)
    return site.page(visit, "settings_two_step_passkeys.html", filled=filled, account=account)


async def turn_on_by_passkeys(site: Site, visit: Inside, sent: Proof, key: str) -> web.Response:
    """Turn it on, and show the recovery codes (MF-8)."""
    grant = await grant_once(site, visit, TWO_STEP, sent) if sent.given else None
    made = await site.sessions.ask(visit, "identity", site.passkeys.turn_on, grant)
    return codes_page(site, visit, made.recovery_codes)


async def show_set_up(site: Site, visit: Inside, filled: Filled) -> web.Response:
    """Say what an app is, and ask for the password where the session is too old for it."""
    account, said = await site.account(visit), flows.said(visit)
    if APP in account.two_step.means and visit.request.query.get("said") == "gone":
        said = visit.say(OVER)
    return site.page(visit, "settings_two_step_app.html", filled=filled, account=account, said=said)


async def set_up(site: Site, visit: Inside, sent: Proof, key: str) -> web.Response:
    """Make the secret, and go on to where it is shown."""
    before = await site.account(visit)
    grant = await grant_once(site, visit, TWO_STEP, sent) if sent.given else None
    made = await site.sessions.ask(visit, "identity", site.two_steps.set_up, grant)
    flow = AppFlow(
        secret=made.secret,
        uri=made.uri,
        session_id=visit.kept.session_id,
        first=APP not in before.two_step.means,
    )
    flows.carry(visit, flow)
    return see(f"{SETTINGS}/app/confirm")


async def show_confirm(site: Site, visit: Inside, filled: Filled) -> web.Response:
    """Show the QR code, and the secret to be typed where none can be read."""
    flow = followed(visit)
    return site.page(
        visit,
        "settings_two_step_confirm.html",
        filled=filled,
        image=segno.make_qr(flow.uri).svg_data_uri(scale=5, light="#fff"),
        secret=" ".join(flow.secret[at : at + 4] for at in range(0, len(flow.secret), 4)),
    )


async def confirm(site: Site, visit: Inside, sent: CodeForm, key: str) -> web.Response:
    """Turn it on by a code of the app, and show the recovery codes. Who was offered it on the way
    in goes on there. Sent again, since the reply got lost and the codes with it, it leads to new
    ones.
    """
    flow = followed(visit)
    offered = stands_at(visit, gates.TWO_STEP)
    try:
        made = await site.sessions.ask(visit, "identity", site.two_steps.confirm, sent.code)
    except Refused as refused:
        if refused.code != SET_UP_OVER:
            raise
        done = flow.first and APP in (await site.account(visit)).two_step.means
        flows.drop(visit, AppFlow)
        if done:
            return see(f"{SETTINGS}?said=on")
        raise flows.gone(AppFlow) from refused
    flows.drop(visit, AppFlow)
    if not made.recovery_codes:
        return see(f"{SETTINGS}?said=replaced")
    if not offered:
        return codes_page(site, visit, made.recovery_codes)
    return codes_page(site, visit, made.recovery_codes, then=await after_offer(site, visit))


async def after_offer(site: Site, visit: Inside) -> str:
    """Name the page that comes after the codes: these are shown this once, whatever else fails."""
    try:
        visit.kept = await site.sessions.renew(visit, visit.kept)
        return await onward(site, visit)
    except (Away, Broken, Refused, Elsewhere):
        return HOME


def followed(visit: Inside) -> AppFlow:
    """Return the app that this session sets up: another's in the same browser is none of its."""
    flow = flows.followed(visit, AppFlow)
    if flow.session_id != visit.kept.session_id:
        flows.drop(visit, AppFlow)
        raise flows.gone(AppFlow)
    return flow


async def show_codes(site: Site, visit: Inside, filled: Filled) -> web.Response:
    """Ask for password and code before new recovery codes are made."""
    return await proof_page(site, visit, "settings_two_step_codes.html", filled)


async def make_codes(site: Site, visit: Inside, sent: Proof, key: str) -> web.Response:
    """Show new ones, this once."""
    grant = await grant_once(site, visit, RECOVERY_CODES, sent)
    made = await site.sessions.ask(visit, "identity", site.two_steps.make_codes, grant)
    return codes_page(site, visit, made.recovery_codes)


async def show_mode(site: Site, visit: Inside, filled: Filled) -> web.Response:
    """Ask when codes are to be asked for, with password and code; who has none sets it up first."""
    account = await site.account(visit)
    if not account.two_step.on:
        return see(SETTINGS)
    return site.page(visit, "settings_two_step_mode.html", filled=filled, account=account)


async def change_mode(site: Site, visit: Inside, sent: ModeForm, key: str) -> web.Response:
    """Choose it."""
    grant = await grant_once(site, visit, TWO_STEP, sent)
    await site.sessions.ask(visit, "identity", site.two_steps.change_mode, sent.mode, grant)
    return see(f"{SETTINGS}?said=mode")


async def show_off(site: Site, visit: Inside, filled: Filled) -> web.Response:
    """Ask for password and code before it is turned off."""
    return await proof_page(site, visit, "settings_two_step_off.html", filled)


async def turn_off(site: Site, visit: Inside, sent: Proof, key: str) -> web.Response:
    """Turn it off."""
    grant = await grant_once(site, visit, TWO_STEP_OFF, sent)
    await site.sessions.ask(visit, "identity", site.two_steps.turn_off, grant)
    return see(f"{SETTINGS}?said=off")


async def proof_page(site: Site, visit: Inside, template: str, filled: Filled) -> web.Response:
    return site.page(visit, template, filled=filled, account=await site.account(visit))


def codes_page(
    site: Site, visit: Inside, codes: tuple[str, ...], *, then: str = SETTINGS
) -> web.Response:
    """Show recovery codes; where the page is loaded again there are none to show."""
    return site.page(visit, "settings_recovery_codes.html", codes=codes, then=then)


ROUTES: tuple[Route[Site], ...] = (
    *page("/gate/two-step", HOLDER, show_offer),
    *button("/gate/two-step/skip", HOLDER, decline_offer),
    *page(SETTINGS, HOLDER, show_settings),
    *form(f"{SETTINGS}/app", HOLDER, FormPage(form=Proof, show=show_set_up, submit=set_up)),
    *form(
        f"{SETTINGS}/app/confirm",
        HOLDER,
        FormPage(form=CodeForm, show=show_confirm, submit=confirm),
    ),
    *form(
        f"{SETTINGS}/passkeys",
        HOLDER,
        FormPage(form=Proof, show=show_by_passkeys, submit=turn_on_by_passkeys),
    ),
    *form(f"{SETTINGS}/mode", HOLDER, FormPage(form=ModeForm, show=show_mode, submit=change_mode)),
    *form(
        f"{SETTINGS}/codes",
        HOLDER,
        FormPage(
            form=Proof,
            show=show_codes,
            submit=make_codes,
            codes={"away": "recovery_codes_unheard"},
        ),
    ),
    *form(
        f"{SETTINGS}/off",
        HOLDER,
        FormPage(
            form=Proof,
            show=show_off,
            submit=turn_off,
            codes={"password_unacceptable": "password_too_short_alone"},
        ),
    ),
)
