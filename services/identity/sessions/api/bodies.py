"""What log-on, second step and reset take alike."""

from typing import Annotated

from msgspec import Meta

from services.identity.fields import Line, Resource
from services.identity.sessions.model import Described
from shared.http.routes import Body

DeviceName = Annotated[
    Line, Meta(description="what its person calls the device; shown to her, never believed")
]
Agent = Annotated[
    Line, Meta(description="what the client calls itself, as in User-Agent; likewise")
]


DeviceSecret = Annotated[
    str,
    Meta(
        max_length=200,
        description="the secret of a device, as a reply handed it out; another account's is none",
    ),
]


class OpeningBody(Body, frozen=True, kw_only=True):
    """`resource` as in a refresh."""

    resource: Resource = ()
    device: DeviceSecret | None = None
    device_name: DeviceName | None = None
    agent: Agent | None = None

    @property
    def described(self) -> Described:
        """What the client says of itself."""
        return Described(device_name=self.device_name, agent=self.agent)
