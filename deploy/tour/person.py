"""A made-up person: new names at each tour, so that it can be played again on the same stack."""

from dataclasses import dataclass, field
from typing import Any

from shared.randomness import Randomness


@dataclass(slots=True, kw_only=True)
class Person:
    """What she knows and holds while the tour goes on."""

    last_name: str
    first_name: str
    birth_date: str
    username: str
    address: str
    password: str
    source: str  # the address her browser comes from
    tokens: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def met_for_the_first_time(cls, randomness: Randomness) -> "Person":
        """Somebody who has never been here."""
        mark = randomness.crockford(6).lower()
        low, high = randomness.bytes(2)
        return cls(
            last_name="Hale",
            first_name="Juniper",
            birth_date="1988-04-17",
            username=f"juniper.{mark}",
            address=f"juniper.{mark}@mail.example",
            password=f"Walnut-Harbour-{randomness.digits(4)}",
            source=f"198.18.{low}.{high}",  # RFC 2544: never a real host
        )
