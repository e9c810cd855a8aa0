"""What the portal keeps in a browser: a session that has just begun, or whatever a test says."""

import base64

import msgspec

from deploy.gateway.doors.identity import RESOURCES
from deploy.gateway.session import Kept
from deploy.gateway.web.cookies import Sealer
from shared.randomness import Randomness
from tests.support.clock import START
from tests.unit.gateway.settings import KEY

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
LOGGED_ON = msgspec.structs.replace(KEPT, access=dict.fromkeys(RESOURCES, "token"))


def cookies(**records: msgspec.Struct) -> dict[str, str]:
    """A browser's, as the portal would have set them."""
    sealer = Sealer([base64.b64decode(KEY)], Randomness())
    return {name: sealer.seal(name, record) for name, record in records.items()}
