"""What may be chosen: rules of one order of ways. Pure."""

from collections.abc import Collection

from services.notify.preferences.errors import ChannelNotOffered, OrderContradictory
from services.notify.preferences.model import (
    TO_A_NUMBER,
    TO_AN_ADDRESS,
    Means,
    Order,
    Preference,
    Way,
)


def check(preference: Preference, *, offers: Collection[Means]) -> None:
    """Raise what is wrong with it, but for its addresses."""
    check_order(preference.default, "default", offers=offers)
    for topic, order in preference.topics.items():
        check_order(order, f"topics.{topic}", offers=offers)


def check_order(order: Order, field: str, *, offers: Collection[Means]) -> None:
    """Each way once, none at the end, and before it nothing behind a notice, which never fails."""
    means = [way.means for way in order]
    if means and means[-1] is Means.NONE:
        means.pop()
    contradicts = (
        len(set(order)) < len(order)
        or Means.NONE in means
        or Means.PORTAL in means[:-1]
        or any(way.address_id and way.means not in TO_AN_ADDRESS for way in order)
        or TO_A_NUMBER in order
    )
    if contradicts:
        raise OrderContradictory.in_field(field, "name each once, a notice last, none behind it")
    if not set(means) <= set(offers):
        raise ChannelNotOffered.in_field(field, f"offered: {', '.join(offers)}")


def addressed(preference: Preference) -> frozenset[Way]:
    """Return every way that names an address or a number."""
    orders = (preference.default, *preference.topics.values())
    return frozenset(way for order in orders for way in order if way.address_id)
