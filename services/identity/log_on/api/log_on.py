"""Log-on (LG-1)."""

from typing import Annotated

from msgspec import Meta

from services.identity.fields import Given
from services.identity.log_on.features import Features
from services.identity.sessions.api.bodies import OpeningBody
from services.identity.sessions.replies import SessionReply
from shared.http.routes import Call
from shared.trust.access import Anonymous


class LogOnBody(OpeningBody, frozen=True, kw_only=True):
    """`name` is a username or the verified account e-mail; `resource` as in a refresh."""

    name: Annotated[str, Meta(max_length=1024)]
    password: Given


async def log_on(features: Features, call: Call[LogOnBody, Anonymous]) -> SessionReply:
    return await features.log_on.log_on(
        call.body.name,
        call.body.password,
        device=call.body.device,
        described=call.body.described,
        resource=call.body.resource,
        by=call.by,
    )
