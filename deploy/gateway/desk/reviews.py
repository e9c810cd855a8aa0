"""Merges that this practice has to decide, since names or dates of birth differ (MG-2)."""

from collections.abc import Mapping
from typing import Annotated

from aiohttp import web
from msgspec import Meta

from deploy.gateway.desk.site import STAFF, Desk, Staffed
from deploy.gateway.web.forms import Filled, Form, FormPage
from deploy.gateway.web.languages import N_
from deploy.gateway.web.routes import Route, action, page
from deploy.gateway.web.visits import see

STATES: Mapping[str, tuple[str, str]] = {
    "under-review": ("", N_("Under review")),
    "requested": ("ok", N_("Approved")),
    "applying": ("ok", N_("Approved")),
    "completed": ("ok", N_("Merged")),
    "refused": ("warn", N_("Not merged")),
}


class DecisionForm(Form, frozen=True, kw_only=True):
    reason: Annotated[str, Meta(max_length=200)]


async def show_reviews(desk: Desk, visit: Staffed) -> web.Response:
    """List what this practice may decide, what waits for it before the rest."""
    return desk.page(
        visit,
        "desk_reviews.html",
        reviews=await desk.reviews.each(visit, visit.desk.client),
        said=visit.request.query.get("said", ""),
    )


async def show_review(desk: Desk, visit: Staffed) -> web.Response:
    """Show one with this practice's own records of both accounts."""
    return await shown(desk, visit, desk.empty())


async def shown(desk: Desk, visit: Staffed, filled: Filled) -> web.Response:
    """The same, with what was refused."""
    merge_id = visit.request.match_info["merge_id"]
    review = await desk.reviews.read(visit, visit.desk.client, merge_id)
    return desk.page(
        visit, "desk_review.html", filled=filled, review=review, state=STATES[review.state]
    )


async def approve(desk: Desk, visit: Staffed, sent: DecisionForm, key: str) -> web.Response:
    """Approve it for the accounts that this practice has records of."""
    merge_id = visit.request.match_info["merge_id"]
    body = visit.desk.staff(sent.reason)
    await desk.reviews.approve(visit, visit.desk.client, merge_id, body)
    return see("/merge-reviews?said=approved")


async def reject(desk: Desk, visit: Staffed, sent: DecisionForm, key: str) -> web.Response:
    """Reject it; both are told, and not why."""
    merge_id = visit.request.match_info["merge_id"]
    body = visit.desk.staff(sent.reason)
    await desk.reviews.reject(visit, visit.desk.client, merge_id, body)
    return see("/merge-reviews?said=rejected")


ROUTES: tuple[Route[Desk], ...] = (
    *page("/merge-reviews", STAFF, show_reviews),
    *page("/merge-reviews/{merge_id}", STAFF, show_review),
    *action(
        "/merge-reviews/{merge_id}/approve",
        STAFF,
        FormPage(form=DecisionForm, show=shown, submit=approve),
    ),
    *action(
        "/merge-reviews/{merge_id}/reject",
        STAFF,
        FormPage(form=DecisionForm, show=shown, submit=reject),
    ),
)
