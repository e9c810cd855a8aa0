"""What a practice's system says of the person at the desk: with every staff verb (ST-1)."""

from dataclasses import replace
from typing import TypeVar

from services.identity.fields import Line, StaffId
from shared.acts import By
from shared.http.callers import practice_of
from shared.http.routes import Body, Call


class StaffBody(Body, frozen=True, kw_only=True):
    staff_id: StaffId
    reason: Line


S = TypeVar("S", bound=StaffBody)


def by_staff(call: Call[S]) -> By:
    """The call's own with the staff member as its actor, beside the client, and the reason."""
    origin = replace(
        call.origin,
        actor=f"staff:{call.body.staff_id}@{practice_of(call)}",
        staff=call.body.staff_id,
        reason=call.body.reason,
    )
    return By(origin=origin, now=call.now)
