"""A forgotten username or password: the same pages for everybody (RC-1, RC-2, RC-3, RC-6)."""

from datetime import date
from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta

from deploy.gateway import flows
from deploy.gateway.doors.recovery import Fields, Reminder
from deploy.gateway.flows import ResetFlow
from deploy.gateway.pages.passwords import NewPassword, differing, marks
from deploy.gateway.pages.reset_grants import proven
from deploy.gateway.pages.site import ANYBODY, LinkForm, Site, arrive, token_of
from deploy.gateway.web.devices import named_here
from deploy.gateway.web.forms import Filled, Form, FormPage
from deploy.gateway.web.refusals import Refused
from deploy.gateway.web.routes import Nothing, Route, button, form, page
from deploy.gateway.web.visits import Visit, see

WAYS = "/forgot-password/ways"
LOG_ON = "log-on"  # where a grant may end
GRANT_USED = "grant_used"


class UsernameForm(Form, frozen=True, kw_only=True):
    """Name and date are for an address that is no account e-mail."""

    email: Annotated[str, Meta(max_length=320)]
    last_name: Annotated[str, Meta(max_length=100)] = ""
    birth_date: date | None = None


class NameForm(Form, frozen=True, kw_only=True):
    username: Annotated[str, Meta(max_length=320)]


class FieldsForm(Form, frozen=True, kw_only=True):
    username: Annotated[str, Meta(max_length=320)]
    last_name: Annotated[str, Meta(max_length=100)]
    first_name: Annotated[str, Meta(max_length=100)]
    birth_date: date
    home_phone: Annotated[str, Meta(max_length=200)]


class AddressForm(Form, frozen=True, kw_only=True):
    """The place of an address, or none of these."""

    address: str


class PasswordForm(Form, frozen=True, kw_only=True):
    password: NewPassword
    again: NewPassword


async def show_forgot_username(site: Site, visit: Visit, filled: Filled) -> web.Response:
    """Ask for an address, and for what shows whose it is where it is no account e-mail."""
    return site.page(visit, "forgot_username.html", filled=filled)


async def remind(site: Site, visit: Visit, sent: UsernameForm, key: str) -> web.Response:
    """Have the username mailed, whoever's address this is."""
    await site.recovery.remind(
        visit,
        Reminder(email=sent.email, last_name=sent.last_name or None, birth_date=sent.birth_date),
    )
    return see("/forgot-username/sent")


async def username_sent(site: Site, visit: Visit) -> web.Response:
    """Say what happens now, to everybody alike."""
    return site.page(visit, "forgot_username_sent.html")


async def show_forgot_password(site: Site, visit: Visit, filled: Filled) -> web.Response:
    """Ask for the name, once for all ways."""
    return site.page(visit, "forgot_password.html", filled=filled, said=flows.said(visit))


async def take_name(site: Site, visit: Visit, sent: NameForm, key: str) -> web.Response:
    """Carry the name to the ways; nobody is asked whether there is one."""
    flows.carry(visit, ResetFlow(name=sent.username))
    return see(WAYS)


async def show_username(site: Site, visit: Visit, filled: Filled) -> web.Response:
    """Ask for the username where an address was typed: nobody's questions would be asked of it, and
    no answer to them told why (RC-4).
    """
    flows.named(visit)
    return site.page(visit, "forgot_password_username.html", filled=filled)


async def take_username(site: Site, visit: Visit, sent: NameForm, key: str) -> web.Response:
    """Carry it to the questions; an address may be one (ID-4)."""
    flow = flows.named(visit)
    flows.carry(visit, msgspec.structs.replace(flow, name=sent.username, is_username=True))
    return see("/forgot-password/questions")


async def ways(site: Site, visit: Visit) -> web.Response:
    """Show every way there is, whoever asks."""
    flows.named(visit)
    filled = site.empty()
    return await show_ways(site, visit, filled)


async def show_ways(site: Site, visit: Visit, filled: Filled) -> web.Response:
    return site.page(visit, "forgot_password_ways.html", filled=filled)


async def send_link(site: Site, visit: Visit, sent: Nothing, key: str) -> web.Response:
    """Have a link mailed, whoever's name this is."""
    flow = flows.named(visit)
    await site.recovery.request_link(visit, flow.name)
    return see("/forgot-password/sent")


async def link_sent(site: Site, visit: Visit) -> web.Response:
    """Say what happens now, to everybody alike."""
    return site.page(visit, "forgot_password_sent.html")


async def show_link(site: Site, visit: Visit, filled: Filled) -> web.Response:
    """Take the mailed link: the script moves its token here, or it is pasted. Nothing is used up
    before a person presses the button, so whatever opens links in mails uses up none.
    """
    return site.page(visit, "reset_password.html", filled=filled)


async def redeem(site: Site, visit: Visit, sent: LinkForm, key: str) -> web.Response:
    """Exchange the link for a grant, and carry it to the new password."""
    return proven(visit, await site.recovery.redeem(visit, token_of(sent.link)))


async def show_validation(site: Site, visit: Visit, filled: Filled) -> web.Response:
    """Ask who one is, as the practice has it, and for the username where an address was typed."""
    flow = flows.named(visit)
    return site.page(visit, "validation.html", filled=filled, name=flow.typed_username)


async def begin_validation(site: Site, visit: Visit, sent: FieldsForm, key: str) -> web.Response:
    """Carry the four addresses to the next page, whoever was typed."""
    flow = flows.named(visit)
    fields = Fields(
        username=sent.username,
        birth_date=sent.birth_date,
        last_name=sent.last_name,
        first_name=sent.first_name,
        home_phone=sent.home_phone,
    )
    asked = await site.recovery.begin_validation(visit, fields, key=key)
    flows.carry(
        visit,
        msgspec.structs.replace(
            flow,
            name=sent.username,
            is_username=True,
            challenge=asked.challenge,
            addresses=asked.addresses,
        ),
    )
    return see("/forgot-password/address")


async def show_address(site: Site, visit: Visit, filled: Filled) -> web.Response:
    """Ask which address is one's own."""
    flow = flows.followed(visit, ResetFlow)
    if flow.challenge is None:
        raise flows.gone(ResetFlow)
    return site.page(visit, "validation_address.html", filled=filled, addresses=flow.addresses)


async def pick_address(site: Site, visit: Visit, sent: AddressForm, key: str) -> web.Response:
    """Exchange the address for a grant."""
    flow = flows.followed(visit, ResetFlow)
    if flow.challenge is None:
        raise flows.gone(ResetFlow)
    none = len(flow.addresses)
    choice = {str(at): at for at in range(none)}.get(sent.address, none)
    return proven(visit, await site.recovery.answer_validation(visit, flow.challenge, choice))


async def show_new_password(site: Site, visit: Visit, filled: Filled) -> web.Response:
    """Ask for the new password, the rules beside it."""
    flow = flows.followed(visit, ResetFlow)
    if flow.grant is None:
        raise flows.gone(ResetFlow)
    return site.page(
        visit,
        "new_password.html",
        filled=filled,
        username=flow.username,
        logs_on=flow.ends != LOG_ON,
        marks=await marks(site, visit, filled.failed),
    )


async def set_password(site: Site, visit: Visit, sent: PasswordForm, key: str) -> web.Response:
    """Set it; whoever could is logged on, and every other session is over. By validation none
    begins: she logs on with it. Sent again, since the reply got lost, it leads there too; the
    first may have been another, or another's.
    """
    flow = flows.followed(visit, ResetFlow)
    if flow.grant is None:
        raise flows.gone(ResetFlow)
    if sent.password != sent.again:
        return await show_new_password(site, visit, differing(visit, Filled(key=key)))
    name = named_here(visit, flow.username, flow.name)
    try:
        if flow.ends != LOG_ON:
            session = await site.identity.reset(visit, flow.grant, name, sent.password)
            flows.drop(visit, ResetFlow)
            return await arrive(site, visit, site.sessions.begin(visit, session))
        await site.identity.reset_alone(visit, flow.grant, name, sent.password)
    except Refused as refused:
        if refused.code != GRANT_USED:
            raise
        flows.drop(visit, ResetFlow)
        return see("/log-on?said=password-set")
    flows.drop(visit, ResetFlow)
    return see("/log-on?said=new-password")


ROUTES: tuple[Route[Site], ...] = (
    *form(
        "/forgot-username",
        ANYBODY,
        FormPage(form=UsernameForm, show=show_forgot_username, submit=remind),
    ),
    *page("/forgot-username/sent", ANYBODY, username_sent),
    *form(
        "/forgot-password",
        ANYBODY,
        FormPage(form=NameForm, show=show_forgot_password, submit=take_name),
    ),
    *form(
        "/forgot-password/username",
        ANYBODY,
        FormPage(form=NameForm, show=show_username, submit=take_username),
    ),
    *page("/forgot-password/ways", ANYBODY, ways),
    *button("/forgot-password/link", ANYBODY, send_link, show=show_ways),
    *page("/forgot-password/sent", ANYBODY, link_sent),
    *form(
        "/forgot-password/validation",
        ANYBODY,
        FormPage(form=FieldsForm, show=show_validation, submit=begin_validation),
    ),
    *form(
        "/forgot-password/address",
        ANYBODY,
        FormPage(form=AddressForm, show=show_address, submit=pick_address),
    ),
    *form("/reset-password", ANYBODY, FormPage(form=LinkForm, show=show_link, submit=redeem)),
    *form(
        "/new-password",
        ANYBODY,
        FormPage(form=PasswordForm, show=show_new_password, submit=set_password),
    ),
)
