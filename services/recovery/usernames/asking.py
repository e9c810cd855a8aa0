"""RC-1, RC-2, the request: an address, alone or with a last name and a date of birth."""

from dataclasses import dataclass

from services.recovery.actions import Action
from services.recovery.usernames.errors import PersonIncomplete
from services.recovery.usernames.model import birth_date, typed_digests
from services.recovery.waiting.requests import Requests
from shared.acts import Acts, By
from shared.contracts.birth_dates import BirthDateImpossible
from shared.contracts.matching import Named
from shared.trust.tokens import Digests


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderRequests:
    acts: Acts
    requests: Requests
    digests: Digests

    async def accept(
        self, address: str, *, last_name: str | None, born: str | None, by: By
    ) -> None:
        """Accept, whoever the address belongs to. Raises PersonIncomplete, BirthDateImpossible."""
        async with self.acts.before(by, Action.REQUEST_REMINDER):
            person = _person(last_name, born)
        digests = typed_digests(self.digests, person) if person is not None else None
        await self.requests.accept(address, person_digests=digests, by=by)


def _person(last_name: str | None, born: str | None) -> Named | None:
    if last_name is None and born is None:
        return None
    if last_name is None or born is None:
        missing = "last_name" if last_name is None else "birth_date"
        raise PersonIncomplete.in_field(missing, "is missing beside the other")
    day = birth_date(born)
    if day is None:
        raise BirthDateImpossible.in_field("birth_date", "no day as mm/dd/yyyy or yyyy-mm-dd")
    return Named(last_name, day)
