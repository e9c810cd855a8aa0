"""What recovery can do, as one record: what handlers are given."""

from dataclasses import dataclass

from services.recovery.absorptions import Absorptions
from services.recovery.links import Links
from services.recovery.practice_tokens import features as practice_tokens
from services.recovery.projection import Projection
from services.recovery.questions import features as questions
from services.recovery.reminders import Reminders
from services.recovery.requests import Requests
from services.recovery.rounds import Rounds
from services.recovery.validation import features as validation


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    link_requests: Requests
    link_rounds: Rounds
    links: Links
    reminder_requests: Requests
    reminder_rounds: Rounds
    reminders: Reminders
    practice_tokens: practice_tokens.Features
    questions: questions.Features
    validation: validation.Features
    projection: Projection
    absorptions: Absorptions
