"""Duplicate charts that merges brought to light, and settling them (MG-5, ST-1)."""

from typing import Annotated

from aiohttp import web
from msgspec import Meta

from deploy.gateway.desk.site import STAFF, Desk, Staffed
from deploy.gateway.doors.practice import Settlement
from deploy.gateway.doors.records import Record
from deploy.gateway.web.forms import Filled, Form, FormPage
from deploy.gateway.web.routes import Route, form, page
from deploy.gateway.web.visits import Elsewhere, see

LIST = "/merge-conflicts"
ALL = "all"  # the choice that every record stays


class SettlementForm(Form, frozen=True, kw_only=True):
    """`keep` is the id of the record that stays, or `all`, as it was confirmed."""

    keep: Annotated[str, Meta(max_length=36)]
    reason: Annotated[str, Meta(max_length=200)]


async def conflicts(desk: Desk, visit: Staffed) -> web.Response:
    """List those that are not settled."""
    found = await desk.system.conflicts(visit, visit.desk.client)
    return desk.page(
        visit,
        "desk_conflicts.html",
        conflicts=found.conflicts,
        said=visit.request.query.get("said", ""),
    )


async def choose(desk: Desk, visit: Staffed) -> web.Response:
    """Show the records beside each other, to say which of them stays."""
    return desk.page(visit, "desk_chart.html", records=await records(desk, visit), all=ALL)


async def confirm(desk: Desk, visit: Staffed, filled: Filled) -> web.Response:
    """Say what becomes of each record before it is done. Who has chosen nothing chooses first."""
    keep = filled.typed.get("keep") or visit.request.query.get("keep", "")
    found = await records(desk, visit)
    if keep not in (ALL, *(one.patient_id for one in found)):
        raise Elsewhere(f"{LIST}/{visit.request.match_info['merge_id']}")
    return desk.page(
        visit,
        "desk_chart_confirm.html",
        filled=filled,
        keep=keep,
        kept=[one for one in found if keep in (ALL, one.patient_id)],
        given_up=[one for one in found if keep not in (ALL, one.patient_id)],
    )


async def settle(desk: Desk, visit: Staffed, sent: SettlementForm, key: str) -> web.Response:
    """Settle it for all of its records; the list is without it as soon as merge has heard."""
    ids = await patient_ids(desk, visit)
    settlement = Settlement(
        staff_id=visit.desk.staff_id,
        reason=sent.reason,
        kept=tuple(one for one in ids if sent.keep in (ALL, one)),
        given_up=tuple(one for one in ids if sent.keep not in (ALL, one)),
    )
    await desk.system.settle_chart(visit, visit.desk.client, settlement)
    return see(f"{LIST}?said=settled")


async def patient_ids(desk: Desk, visit: Staffed) -> tuple[str, ...]:
    """The records of this conflict. Raises Elsewhere where it is none of those that are open."""
    merge_id = visit.request.match_info["merge_id"]
    found = await desk.system.conflicts(visit, visit.desk.client)
    for one in found.conflicts:
        if one.merge_id == merge_id:
            return one.patient_ids
    raise Elsewhere(LIST)


async def records(desk: Desk, visit: Staffed) -> list[Record]:
    """The same as they are at identity, to be compared by who knows the patient."""
    return [
        await desk.records.read(visit, visit.desk.client, patient_id)
        for patient_id in await patient_ids(desk, visit)
    ]


ROUTES: tuple[Route[Desk], ...] = (
    *page(LIST, STAFF, conflicts),
    *page(f"{LIST}/{{merge_id}}", STAFF, choose),
    *form(
        f"{LIST}/{{merge_id}}/settle",
        STAFF,
        FormPage(form=SettlementForm, show=confirm, submit=settle),
    ),
)
