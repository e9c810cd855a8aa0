"""The practice's own settings (ST-2)."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Annotated

from aiohttp import web
from msgspec import Meta
from msgspec.structs import asdict

from deploy.gateway.desk.site import STAFF, Desk, Staffed
from deploy.gateway.doors.practice import SettingsChange
from deploy.gateway.web.forms import Filled, Form, FormPage
from deploy.gateway.web.languages import N_
from deploy.gateway.web.routes import Mistyped, Route, form
from deploy.gateway.web.visits import CODE, see

CHANNELS: Mapping[str, str] = MappingProxyType(
    {
        "email,portal": N_("By e-mail; where that fails, by a notice in the portal"),
        "email,text-message,portal": N_(
            "By e-mail; where that fails, by text message, then by a notice in the portal"
        ),
        "text-message,email,portal": N_(
            "By text message; where that fails, by e-mail, then by a notice in the portal"
        ),
        "portal,email": N_("By a notice in the portal; patients may choose e-mail"),
        "email": N_("By e-mail alone"),
        "portal": N_("By a notice in the portal alone"),
    }
)
"""What a practice offers, in its order of trying, as the form sends it (NT-2)."""
CHANGED = "settings_changed"
Whole = Annotated[str, Meta(max_length=6)]


class SettingsForm(Form, frozen=True, kw_only=True):
    version: Annotated[str, Meta(max_length=18)]  # as the page was shown
    reset_link_minutes: Whole
    token_hours_in_person: Whole
    token_days_post: Whole
    token_hours_email: Whole
    invitation_days: Whole
    temporary_hours: Whole
    reset_token_hours: Whole
    reset_token_days_post: Whole
    own_account_age: Whole
    takes_requests: bool = False
    security_questions: bool = False
    channels: Annotated[str, Meta(max_length=40)]
    reason: Annotated[str, Meta(max_length=200)]


async def show_settings(desk: Desk, visit: Staffed, filled: Filled) -> web.Response:
    """Show the practice's settings as they are, with what was typed; but where a colleague has
    changed them meanwhile, without it: saved as it was typed, it would undo her change.
    """
    if visit.request.get(CODE) == CHANGED:
        filled = replace(filled, typed={})
    return desk.page(
        visit,
        "desk_settings.html",
        filled=filled,
        settings=await desk.system.settings(visit, visit.desk.client),
        channels=CHANNELS,
        said=visit.request.query.get("said", ""),
    )


async def change_settings(desk: Desk, visit: Staffed, sent: SettingsForm, key: str) -> web.Response:
    """Change them, if they stand as they were shown; what is handed out from now on lives so
    long.
    """
    settings = {
        name: text
        for name, text in asdict(sent).items()
        if name not in ("reason", "takes_requests", "security_questions", "channels")
    }
    for name, text in settings.items():
        if not (text.isascii() and text.isdecimal()):
            raise Mistyped(name, N_("Type a whole number."))
    change = SettingsChange(
        staff_id=visit.desk.staff_id,
        reason=sent.reason,
        takes_requests=sent.takes_requests,
        security_questions=sent.security_questions,
        channels=tuple(sent.channels.split(",")),
        **{name: int(text) for name, text in settings.items()},
    )
    await desk.system.change_settings(visit, visit.desk.client, change)
    return see("/settings?said=changed")


ROUTES: tuple[Route[Desk], ...] = (
    *form(
        "/settings",
        STAFF,
        FormPage(form=SettingsForm, show=show_settings, submit=change_settings),
    ),
)
