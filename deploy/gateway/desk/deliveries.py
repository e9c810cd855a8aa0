"""What was sent to the practice's patients, and sent again (NT-5, ST-1)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated

from aiohttp import web
from msgspec import Meta

from deploy.gateway.desk.site import STAFF, Desk, Staffed, an_id
from deploy.gateway.doors.practice import Delivery
from deploy.gateway.pages.notifications import TOPICS
from deploy.gateway.pages.sent import STATES
from deploy.gateway.web.forms import Filled, Form, FormPage
from deploy.gateway.web.languages import N_
from deploy.gateway.web.routes import Route, action, page
from deploy.gateway.web.visits import see

RESENDABLE = frozenset(
    {None, "unanswered", "gave_up", "refused", "smtputf8_missing", "texts_not_offered"}
)
REASONS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "no_account": ("warn", N_("Not sent: the patient has no account")),
        "no_address": ("warn", N_("Not sent: the patient has no address")),
        "not_enrolled": ("plain", N_("Not sent: the patient is not enrolled")),
        "not_wanted": ("plain", N_("Not sent: the patient wants none")),
        "texts_not_offered": ("warn", N_("Not sent: this portal sends no text messages")),
    }
)
"""Of those that say more than their state, the shape of its tag and the words."""
SAID = {"resent": N_("It is sent again.")}


class ResendForm(Form, frozen=True, kw_only=True):
    reason: Annotated[str, Meta(max_length=200)]


async def deliveries(desk: Desk, visit: Staffed) -> web.Response:
    """Show what became of the practice's communications, to one patient or to all (NT-5)."""
    return await show_deliveries(desk, visit, desk.empty())


async def show_deliveries(desk: Desk, visit: Staffed, filled: Filled) -> web.Response:
    """Show the same, with what was refused."""
    patient_id = an_id(visit.request.query, "patient_id")
    found = await desk.system.deliveries(
        visit,
        visit.desk.client,
        patient_id=patient_id,
        after=an_id(visit.request.query, "after"),
    )
    return desk.page(
        visit,
        "desk_deliveries.html",
        filled=filled,
        deliveries=found.deliveries,
        resendable={
            one.id
            for one in found.deliveries
            if one.state in ("unknown", "failed") and one.reason in RESENDABLE
        },
        next=found.next,
        patient_id=patient_id,
        name_of=visit.name_of,
        topic_of=lambda one: visit.say(TOPICS.get(one.topic.replace("-", "_"), one.topic)),
        became=lambda one: became(visit, one),
        said=visit.said(SAID),
    )


def became(visit: Staffed, one: Delivery) -> tuple[str, str]:
    """Say what became of one: the shape of its tag, and the words."""
    kind, words = REASONS.get(one.reason or "") or STATES.get(one.state) or ("plain", one.state)
    return kind, visit.say(words)


async def resend(desk: Desk, visit: Staffed, sent: ResendForm, key: str) -> web.Response:
    """Have it sent again, with a reason."""
    delivery_id, by = visit.request.match_info["delivery_id"], visit.desk.staff(sent.reason)
    await desk.system.resend(visit, visit.desk.client, delivery_id, by)
    return see("/deliveries?said=resent")


ROUTES: tuple[Route[Desk], ...] = (
    *page("/deliveries", STAFF, deliveries),
    *action(
        "/deliveries/{delivery_id}/resend",
        STAFF,
        FormPage(form=ResendForm, show=show_deliveries, submit=resend),
    ),
)
