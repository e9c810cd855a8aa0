"""What identity can do: a field a group, the flows above, what they are made of below."""

from dataclasses import dataclass

from services.identity.credentials import features as credentials
from services.identity.desk import features as desk
from services.identity.devices import features as devices
from services.identity.enrolment import features as enrolment
from services.identity.freezes import features as freezes
from services.identity.log_on import features as log_on
from services.identity.merging import features as merging
from services.identity.passwords import features as passwords
from services.identity.patients import features as patients
from services.identity.practices import features as practices
from services.identity.proving import features as proving
from services.identity.questions import features as questions
from services.identity.requests import features as requests
from services.identity.sessions import features as sessions
from services.identity.two_step import features as two_step


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    desk: desk.Features
    requests: requests.Features
    enrolment: enrolment.Features
    log_on: log_on.Features
    credentials: credentials.Features
    freezes: freezes.Features
    questions: questions.Features
    merging: merging.Features
    proving: proving.Features
    two_step: two_step.Features
    devices: devices.Features
    passwords: passwords.Features
    sessions: sessions.Features
    patients: patients.Features
    practices: practices.Features
