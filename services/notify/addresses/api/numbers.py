"""NT-3 over HTTP: an account's mobile numbers; they are listed and removed as addresses are."""

from typing import Annotated

from msgspec import Meta

from services.notify.addresses.api.addresses import AddressShown, shown
from services.notify.addresses.features import Features
from services.notify.preferences.model import AddressId
from shared.http.routes import Body, Call, NoReply
from shared.trust.access import SessionCaller

Typed = Annotated[str, Meta(max_length=4096)]  # judged by rules with codes of their own


class AddNumber(Body, frozen=True, kw_only=True):
    """`reauthenticated` is a grant for the verb `notification-address`."""

    number: Typed
    reauthenticated: Typed


class VerifyNumber(Body, frozen=True, kw_only=True):
    """`code` is the one that was sent to the number last; what is no digit in it counts nothing."""

    code: Typed


async def add_notification_number(
    features: Features, call: Call[AddNumber, SessionCaller]
) -> AddressShown:
    """The same for one that waits for its code: it is sent another one."""
    return shown(
        await features.numbers.add(
            call.caller,
            call.body.number,
            reauthenticated=call.body.reauthenticated,
            by=call.by,
        )
    )


async def verify_notification_number(
    features: Features, call: Call[VerifyNumber, SessionCaller], address_id: AddressId
) -> NoReply:
    await features.numbers.verify(call.caller.account_id, address_id, call.body.code, by=call.by)
    return NoReply()
