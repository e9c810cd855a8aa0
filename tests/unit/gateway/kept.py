"""A session as the portal keeps it in a browser, just begun."""

from deploy.gateway.session import Kept
from tests.support.clock import START

NOW = int(START.timestamp())
KEPT = Kept(
    session_id="s",
    access={},
    refresh="r",
    gates=(),
    scope="full",
    refreshed_at=NOW,
    idle_until=NOW + 900,
    ends_at=NOW + 12 * 3600,
)
