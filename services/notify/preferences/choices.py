"""What may be chosen: rules of one order of ways. Pure."""

from collections.abc import Collection

from services.notify.preferences.errors import ChannelNotOffered, OrderContradictory
from services.notify.preferences.model import NOT_AT_ALL, AddressId, Means, Order, Preference


def check(preference: Preference, *, offers: Collection[Means]) -> None:
    """Raise what is wrong with it, but for its addresses."""
    check_order(preference.default, "default", offers=offers)
    for topic, order in preference.topics.items():
        check_order(order, f"topics.{topic}", offers=offers)


def check_order(order: Order, field: str, *, offers: Collection[Means]) -> None:
    """Each way once, nothing behind a notice, which never fails, and none alone."""
    if order == NOT_AT_ALL:
        return
    means = [way.means for way in order]
    contradicts = (
        len(set(order)) < len(order)
        or Means.NONE in means
        or Means.PORTAL in means[:-1]
        or any(way.address_id and way.means is not Means.EMAIL for way in order)
    )
    if contradicts:
        raise OrderContradictory.in_field(field, "name each once, a notice last, none alone")
    if not set(means) <= set(offers):
        raise ChannelNotOffered.in_field(field, f"offered: {', '.join(offers)}")


def addresses_of(preference: Preference) -> frozenset[AddressId]:
    """Return every address that it names."""
    orders = (preference.default, *preference.topics.values())
    return frozenset(way.address_id for order in orders for way in order if way.address_id)
