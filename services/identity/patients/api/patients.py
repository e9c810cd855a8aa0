"""A practice registers its patients."""

from msgspec.structs import asdict

from services.identity.fields import Address, Line, Name
from services.identity.patients.features import Features
from services.identity.patients.patients import PatientDetails, Registered
from shared.contracts.birth_dates import BirthDate
from shared.http.routes import Body, Call
from shared.trust.access import PracticeCaller


class PatientBody(Body, frozen=True, kw_only=True):
    last_name: Name
    first_name: Name
    birth_date: BirthDate
    home_phone: Line | None = None
    address: Line | None = None
    email: Address | None = None
    number: Line | None = None


async def register_patient(
    features: Features, call: Call[PatientBody, PracticeCaller]
) -> Registered:
    return await features.patients.register(
        call.caller.practice_id,
        PatientDetails(**asdict(call.body)),
        by=call.by,
        key=call.idempotency,
    )
