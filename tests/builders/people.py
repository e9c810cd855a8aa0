"""A person as services hear of her: her account in its versions, her records at practices."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from shared.contracts.identity import (
    AccountChanged,
    AccountState,
    Enrolment,
    EnrolmentState,
    PersonChanged,
)
from shared.contracts.ids import AccountId, PatientId, PracticeId, SessionId
from shared.randomness import Randomness
from tests.builders import events

RANDOM = Randomness()


def a_practice() -> PracticeId:
    return PracticeId(RANDOM.uuid())


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """An account, its versions, and her records at practices."""

    account_id: AccountId = field(default_factory=lambda: AccountId(RANDOM.uuid()))
    session_id: SessionId = field(default_factory=lambda: SessionId(RANDOM.uuid()))
    version: int = 3
    security_version: int = 2
    state: AccountState = AccountState.ACTIVE
    email: str | None = None
    locale: str = "en"
    time_zone: str = "UTC"
    last_name: str = events.LAST_NAME
    first_name: str = "Juniper"
    birth_date: date = events.BIRTH_DATE
    home_phone: str | None = None
    address: str | None = None
    enrolments: tuple[Enrolment, ...] = ()

    def changed(self, **changes: Any) -> "Person":
        """The same account after a change that others hear of."""
        return replace(self, **{"version": self.version + 1, **changes})

    def snapshot(self) -> AccountChanged:
        return events.account(
            self.account_id,
            *self.enrolments,
            username=f"person.{self.account_id.hex[:8]}",
            email=self.email,
            state=self.state,
            security_version=self.security_version,
            locale=self.locale,
            time_zone=self.time_zone,
        )

    def records(self) -> Iterable[PersonChanged]:
        """What her practices say of her, all of them the same."""
        for enrolment in self.enrolments:
            yield events.person(
                enrolment.practice_id,
                enrolment.patient_id,
                self.account_id,
                last_name=self.last_name,
                first_name=self.first_name,
                birth_date=self.birth_date,
                home_phone=self.home_phone,
                address=self.address,
            )


def enrolled(
    practice_id: PracticeId | None = None, state: EnrolmentState = EnrolmentState.ENROLLED
) -> Enrolment:
    """An enrolment of a patient record of its own."""
    return events.enrolment(practice_id or a_practice(), PatientId(RANDOM.uuid()), state)


def a_person(**said: Any) -> Person:
    """Enrolled at one practice of her own, unless said otherwise."""
    return Person(**{"enrolments": (enrolled(),), **said})
