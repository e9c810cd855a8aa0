"""RC-1, RC-2 over HTTP: ask for a username."""

from typing import Annotated

from msgspec import Meta

from services.recovery.projections.names import LONGEST_NAME
from services.recovery.usernames.features import Features
from services.recovery.waiting.api.accepted import Accepted
from shared.http.routes import Body, Call
from shared.http.texts import Name
from shared.trust.access import Anonymous

MESSAGE = (
    "If this is the verified e-mail address of an account, or one of its notification addresses "
    "and the name and date of birth are its holder's, a mail with the username is on its way "
    "there. If none arrives, check the spam folder, or contact your practice: it can tell you your "
    "username."
)


class RemindUsername(Body, frozen=True, kw_only=True):
    """`email` is an account e-mail; or with last name and date of birth (`mm/dd/yyyy` or
    `yyyy-mm-dd`) a notification address. Nothing is told about one that is neither.
    """

    email: Annotated[str, Meta(min_length=1, max_length=LONGEST_NAME)]
    last_name: Name | None = None
    birth_date: Annotated[str, Meta(max_length=40)] | None = None


async def remind_username(features: Features, call: Call[RemindUsername, Anonymous]) -> Accepted:
    """Accept, whoever the address belongs to."""
    await features.requests.accept(
        call.body.email,
        last_name=call.body.last_name,
        born=call.body.birth_date,
        by=call.by,
    )
    return Accepted(message=MESSAGE)
