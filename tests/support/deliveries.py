"""Messages as the broker hands them over, without one."""

from shared.contracts import topology
from shared.contracts.envelope import CONTENT_TYPE
from shared.messaging.messages import Delivery


def delivered(body: bytes, by: str = "identity", *, tag: int = 0) -> Delivery:
    """A body that this service published, as its user and to its exchange."""
    return Delivery(
        tag, topology.exchange(by), body, publisher=by, content_type=CONTENT_TYPE, headers={}
    )
