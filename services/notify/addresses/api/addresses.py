"""NT-2 over HTTP: an account's notification addresses."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from services.notify.addresses.features import Features
from services.notify.addresses.model import AddressKind, NotificationAddress
from services.notify.preferences.model import AddressId
from shared.http.routes import Body, Call, NoBody, NoReply, Reply
from shared.trust.access import SessionCaller

Typed = Annotated[str, Meta(max_length=4096)]  # judged by rules with codes of their own


class AddressShown(Reply, frozen=True, kw_only=True):
    """In full: it is the holder's own. Nothing goes there before it is verified, and nothing to a
    number that answered STOP (`stopped_since`) until it sends START to `texts_from` of the list.
    """

    address_id: AddressId
    kind: AddressKind
    address: str
    verified_at: datetime | None
    stopped_since: datetime | None


class AddressesShown(Reply, frozen=True, kw_only=True):
    """Five and three numbers at most, but for those that came with a merged account; the first one
    first. `texts_from` is the number that text messages come from, where there are any: the one to
    which a phone sends STOP and START.
    """

    addresses: tuple[AddressShown, ...]
    texts_from: str | None


class AddAddress(Body, frozen=True, kw_only=True):
    """`reauthenticated` is a grant for the verb `notification-address`."""

    address: Typed
    reauthenticated: Typed


class VerifyAddress(Body, frozen=True, kw_only=True):
    token: Typed


class AddressVerified(Reply, frozen=True, kw_only=True):
    message: str


class RemoveAddress(Body, frozen=True, kw_only=True):
    """`reauthenticated` is a grant for the verb `notification-address`."""

    reauthenticated: Typed


async def list_notification_addresses(
    features: Features, call: Call[NoBody, SessionCaller]
) -> AddressesShown:
    found = await features.addresses.of_account(call.caller.account_id)
    return AddressesShown(addresses=tuple(map(shown, found)), texts_from=features.texts_from)


async def add_notification_address(
    features: Features, call: Call[AddAddress, SessionCaller]
) -> AddressShown:
    """The same for one that waits for its link to be opened: it is mailed another one."""
    return shown(
        await features.addresses.add(
            call.caller,
            call.body.address,
            reauthenticated=call.body.reauthenticated,
            by=call.by,
        )
    )


async def verify_notification_address(
    features: Features, call: Call[VerifyAddress, SessionCaller]
) -> AddressVerified:
    await features.addresses.verify(call.caller.account_id, call.body.token, by=call.by)
    return AddressVerified(message="Practices can write to this address where you choose it.")


async def remove_notification_address(
    features: Features, call: Call[RemoveAddress, SessionCaller], address_id: AddressId
) -> NoReply:
    await features.addresses.remove(
        call.caller,
        address_id,
        reauthenticated=call.body.reauthenticated,
        by=call.by,
    )
    return NoReply()


def shown(address: NotificationAddress) -> AddressShown:
    return AddressShown(
        address_id=address.id,
        kind=address.kind,
        address=address.address,
        verified_at=address.verified_at,
        stopped_since=address.stopped_since,
    )
