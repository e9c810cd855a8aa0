"""RC-1 over HTTP: ask for a username."""

from typing import Annotated

import msgspec

from services.recovery.api.accepted import Accepted
from services.recovery.features import Features
from services.recovery.names import LONGEST_NAME
from shared.http.routes import Body, Call
from shared.trust.access import Anonymous

MESSAGE = (
    "If this is the verified e-mail address of an account, a mail with its username is on its way "
    "there. If none arrives, check the spam folder, or contact your practice: it can tell you your "
    "username."
)


class RemindUsername(Body, frozen=True, kw_only=True):
    """`email` is an account e-mail; nothing is told about one that is not."""

    email: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_NAME)]


async def remind_username(features: Features, call: Call[RemindUsername, Anonymous]) -> Accepted:
    """Accept, whoever the address belongs to."""
    await features.reminder_requests.accept(call.body.email, by=call.by)
    return Accepted(message=MESSAGE)
