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
    home_phone: str
    street: str
    source: str  # the address her browser comes from
    second_step: list[str] = field(default_factory=list)  # her app's secret, her recovery codes
    reset_tokens: list[str] = field(default_factory=list)  # that practices gave her (RC-5)
    device: str = ""  # what her own browser is known by, once she has logged on there
    tokens: dict[str, Any] = field(default_factory=dict)
    patient_id: str = ""  # her record at the practice that enrolled this account
    second: "Person | None" = None  # herself, by the names of a second account

    @classmethod
    def met_for_the_first_time(cls, randomness: Randomness) -> "Person":
        """Somebody who has never been here."""
        return cls(
            last_name="Hale", first_name="Juniper", birth_date="1988-04-17", **names(randomness)
        )

    def with_another_account(self, randomness: Randomness) -> "Person":
        """Herself, where another practice knows nothing of the account she has."""
        self.second = Person(
            last_name=self.last_name,
            first_name=self.first_name,
            birth_date=self.birth_date,
            **{**names(randomness), "home_phone": self.home_phone, "street": self.street},
        )
        return self.second

    @property
    def other_account(self) -> "Person":
        """Herself by the names of her second account; an earlier story made it."""
        if self.second is None:
            raise LookupError("she has one account only")
        return self.second


def names(randomness: Randomness) -> dict[str, Any]:
    """What tells her from everybody: a username, an address, a password, a phone, a street."""
    mark = randomness.crockford(6).lower()
    low, high = randomness.bytes(2)
    return {
        "username": f"juniper.{mark}",
        "address": f"juniper.{mark}@mail.example",
        "password": f"Walnut-Harbour-{randomness.digits(4)}",
        "home_phone": f"555 {randomness.digits(7)}",
        "street": f"1{randomness.digits(5)} Example Street",
        "source": f"198.18.{low}.{high}",  # RFC 2544: never a real host
    }
