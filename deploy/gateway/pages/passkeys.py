"""Passkeys: made, listed, named, removed; after a reset each kept or removed (MF-5, MF-9)."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated

from aiohttp import web
from msgspec import Meta

from deploy.gateway import flows
from deploy.gateway.doors.passkeys import Ceremony, Kept, Listed
from deploy.gateway.flows import PasskeyFlow
from deploy.gateway.gates import PASSKEYS
from deploy.gateway.pages.ceremonies import Answered, answer_of, begun
from deploy.gateway.pages.confirmations import (
    PROOF_FIELDS,
    Proof,
    grant_of,
    grant_once,
    is_confirmed,
    kept_unless_refused,
)
from deploy.gateway.pages.site import HOLDER, Site, on, on_to_home, one_of, stands_at
from deploy.gateway.session import Inside
from deploy.gateway.web.agents import device_name
from deploy.gateway.web.forms import Chosen, Filled, Form, FormPage, NoForm
from deploy.gateway.web.languages import N_
from deploy.gateway.web.refusals import Refused
from deploy.gateway.web.routes import Mistyped, Nothing, Route, button, form, page
from deploy.gateway.web.visits import see

SETTINGS = "/settings/passkeys"
LONGEST_NAME = 60
SAID: Mapping[str, str] = {
    "made": N_("The passkey was made. You can log on with it from now on."),
    "renamed": N_("The passkey was renamed."),
    "removed": N_(
        "The passkey was removed. Whoever was logged on with it elsewhere is logged off."
    ),
}
KEEP, REMOVE = "keep", "remove"
NOTHING_CHOSEN = N_("Choose for one at least, or press “Not now”.")
Name = Annotated[str, Meta(max_length=LONGEST_NAME)]


class AddForm(Proof, frozen=True, kw_only=True):
    """The password is asked for once, however many names are tried in five minutes."""

    name: Name


class NameForm(Form, frozen=True, kw_only=True):
    name: Name


class KeepForm(Proof, frozen=True, kw_only=True):
    """The password is asked for only where the session is too old to vouch for its holder."""

    passkey: Chosen


async def show(site: Site, visit: Inside) -> web.Response:
    """List them, and let the browser know which there are."""
    listed = await read(site, visit)
    return site.page(
        visit,
        "settings_passkeys.html",
        account=await site.account(visit),
        listed=listed,
        gate=stands_at(visit, PASSKEYS),
        said=visit.said(SAID),
    )


async def show_one(site: Site, visit: Inside, filled: Filled) -> web.Response:
    """Show one, to be renamed or removed."""
    return await shown(site, visit, "settings_passkey.html", filled)


async def show_remove(site: Site, visit: Inside, filled: Filled) -> web.Response:
    """Say what goes with it, and ask for the password."""
    return await shown(site, visit, "settings_passkey_remove.html", filled)


async def shown(site: Site, visit: Inside, template: str, filled: Filled) -> web.Response:
    passkey_id = visit.request.match_info["passkey_id"]
    listed = await read(site, visit)
    return site.page(
        visit,
        template,
        filled=filled,
        passkey=one_of(one for one in listed.passkeys if one.passkey_id == passkey_id),
        account=await site.account(visit),
    )


async def rename(site: Site, visit: Inside, sent: NameForm, key: str) -> web.Response:
    """Call it so from now on."""
    passkey_id = visit.request.match_info["passkey_id"]
    await site.sessions.ask(visit, "identity", site.passkeys.rename, passkey_id, sent.name)
    return see(f"{SETTINGS}?said=renamed")


async def remove(site: Site, visit: Inside, sent: Proof, key: str) -> web.Response:
    """Remove it."""
    passkey_id = visit.request.match_info["passkey_id"]
    grant = await grant_once(site, visit, PasskeyFlow.verb, sent)
    await site.sessions.ask(visit, "identity", site.passkeys.remove, passkey_id, grant)
    return see(f"{SETTINGS}?said=removed")


async def show_add(site: Site, visit: Inside, filled: Filled) -> web.Response:
    """Say what a passkey is, and ask for a name and the password."""
    return site.page(
        visit,
        "settings_passkeys_add.html",
        filled=filled,
        account=await site.account(visit),
        name=device_name(None, visit.agent, visit.language)[:LONGEST_NAME],
        said=flows.said(visit),
        confirmed=is_confirmed(visit, PasskeyFlow),
    )


async def add(site: Site, visit: Inside, sent: AddForm, key: str) -> web.Response:
    """Go on to where it is made, if it may be. A name that is refused costs no second password."""
    grant = await grant_of(site, visit, PasskeyFlow, sent)
    flows.carry(visit, PasskeyFlow(id=visit.flow or "", grant=grant, name=sent.name))
    with kept_unless_refused(visit, PasskeyFlow):
        await begin(site, visit, sent.name, grant)
    return see(f"{SETTINGS}/make")


async def begin(site: Site, visit: Inside, name: str, grant: str) -> Ceremony:
    return await site.sessions.ask(visit, "identity", site.passkeys.to_make, name, grant)


async def show_make(site: Site, visit: Inside, filled: Filled) -> web.Response:
    """Have the browser make it: that takes a press of a button, and a script."""
    flow = followed(visit)
    return site.page(visit, "settings_passkeys_make.html", filled=filled, name=flow.name)


async def ask_to_make(site: Site, visit: Inside, sent: Nothing, key: str) -> web.Response:
    """Begin the ceremony, for the page's script."""
    flow = followed(visit)
    with begun_anew(visit):
        return await begun(begin(site, visit, flow.name, flow.grant))


async def make(site: Site, visit: Inside, sent: Answered, key: str) -> web.Response:
    """Register what the browser has made."""
    answer = answer_of(sent)
    if answer is None:
        raise NoForm(400)
    followed(visit)
    with begun_anew(visit):
        await site.sessions.ask(
            visit, "identity", site.passkeys.make, answer.ceremony, answer.credential
        )
    flows.drop(visit, PasskeyFlow)
    return see(f"{SETTINGS}?said=made")


@contextmanager
def begun_anew(visit: Inside) -> Iterator[None]:
    """Lead to the beginning where the proof is used up, or the account has changed since."""
    try:
        yield
    except Refused as refused:
        if not refused.code.startswith("grant_"):
            raise
        flows.drop(visit, PasskeyFlow)
        raise flows.gone(PasskeyFlow) from None


def followed(visit: Inside) -> PasskeyFlow:
    """Return the one that is being made, by its name."""
    flow = flows.followed(visit, PasskeyFlow)
    if not flow.name:
        raise flows.gone(PasskeyFlow)
    return flow


async def show_gate(site: Site, visit: Inside, filled: Filled) -> web.Response:
    """Ask which are to be kept; where none waits for that any more, go on."""
    if not stands_at(visit, PASSKEYS):
        return await on(site, visit)
    listed = await read(site, visit)
    return site.page(
        visit,
        "gate_passkeys.html",
        filled=filled,
        account=await site.account(visit),
        passkeys=[one for one in listed.passkeys if one.suspended],
    )


async def keep(site: Site, visit: Inside, sent: KeepForm, key: str) -> web.Response:
    """Keep some and remove some; the rest is asked for again."""
    kept, removed = (
        tuple(id for id, chosen in sent.passkey.items() if chosen == choice)
        for choice in (KEEP, REMOVE)
    )
    if not (kept or removed):
        raise Mistyped("passkey", NOTHING_CHOSEN)
    grant = await grant_once(site, visit, PasskeyFlow.verb, sent) if sent.given else None
    answer = Kept(keep=kept, remove=removed, reauthenticated=grant)
    await site.sessions.ask(visit, "identity", site.passkeys.keep, answer)
    return await on_to_home(site, visit, "passkeys")


async def skip_gate(site: Site, visit: Inside, sent: Nothing, key: str) -> web.Response:
    """Not now: they serve for nothing until it is answered at another log-on."""
    await site.sessions.ask(visit, "identity", site.identity.skip, PASSKEYS)
    return await on_to_home(site, visit, "skipped")


async def read(site: Site, visit: Inside) -> Listed:
    return await site.sessions.ask(visit, "identity", site.passkeys.list)


ROUTES: tuple[Route[Site], ...] = (
    *form(
        "/gate/passkeys",
        HOLDER,
        FormPage(form=KeepForm, show=show_gate, submit=keep, fields=PROOF_FIELDS),
    ),
    *button("/gate/passkeys/skip", HOLDER, skip_gate),
    *page(SETTINGS, HOLDER, show),
    *form(
        f"{SETTINGS}/add",
        HOLDER,
        FormPage(form=AddForm, show=show_add, submit=add, fields=PROOF_FIELDS),
    ),
    *form(f"{SETTINGS}/make", HOLDER, FormPage(form=Answered, show=show_make, submit=make)),
    *button(f"{SETTINGS}/make/options", HOLDER, ask_to_make, show=show_make),
    *form(
        f"{SETTINGS}/{{passkey_id}}",
        HOLDER,
        FormPage(form=NameForm, show=show_one, submit=rename),
    ),
    *form(
        f"{SETTINGS}/{{passkey_id}}/remove",
        HOLDER,
        FormPage(form=Proof, show=show_remove, submit=remove, fields=PROOF_FIELDS),
    ),
)
