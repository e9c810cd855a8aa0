"""What every way to a new password ends in (RC-3 … RC-6)."""

import msgspec
from aiohttp import web

from deploy.gateway import flows
from deploy.gateway.doors.recovery import Grant
from deploy.gateway.flows import ResetFlow
from deploy.gateway.web.visits import Visit, see


def proven(visit: Visit, grant: Grant) -> web.Response:
    """Carry a grant to the new password, whichever way it came by."""
    before = flows.carried(visit, ResetFlow) or ResetFlow()
    flows.carry(
        visit,
        msgspec.structs.replace(
            before,
            grant=grant.grant,
            username=grant.username,
            ends=grant.ends,
            challenge=None,
            addresses=(),
        ),
    )
    return see("/new-password")
