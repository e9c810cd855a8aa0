"""NT-5 over HTTP: which of one's own addresses get no mail, and the way back."""

from datetime import datetime

from services.notify.ledger.model import masked
from services.notify.suppressions.features import Features
from shared.http.routes import Call, NoBody, NoReply, Reply
from shared.trust.access import SessionCaller


class Suppression(Reply, frozen=True, kw_only=True):
    """`status` is a mail server's reason (RFC 3463)."""

    address: str
    since: datetime
    status: str


class Suppressions(Reply, frozen=True, kw_only=True):
    """One's own alone, addresses masked."""

    suppressions: tuple[Suppression, ...]


async def list_suppressions(features: Features, call: Call[NoBody, SessionCaller]) -> Suppressions:
    """Show a person to which of her addresses nothing is mailed. Raises CatchingUp."""
    await features.projections.arrived(call.caller.account_id, call.caller.account_version)
    found = await features.lifting.of_account(call.caller.account_id)
    return Suppressions(
        suppressions=tuple(
            Suppression(address=masked(one.address), since=one.since, status=one.status)
            for one in found
        )
    )


async def lift_suppressions(features: Features, call: Call[NoBody, SessionCaller]) -> NoReply:
    """Let mails go to her addresses again, whether any is suppressed or not."""
    await features.projections.arrived(call.caller.account_id, call.caller.account_version)
    await features.lifting.lift_own(call.caller.account_id, by=call.by)
    return NoReply()
