"""What recovery can do, as one record: what handlers are given."""

from dataclasses import dataclass

from services.recovery.absorptions import Absorptions
from services.recovery.links import Links
from services.recovery.practice_tokens.issuing import Issuing
from services.recovery.practice_tokens.redeeming import Redeeming
from services.recovery.projection import Projection
from services.recovery.questions import features as questions
from services.recovery.reminders import Reminders
from services.recovery.requests import Requests
from services.recovery.rounds import Rounds


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    link_requests: Requests
    link_rounds: Rounds
    links: Links
    reset_tokens: Issuing
    redeemed_tokens: Redeeming
    reminder_requests: Requests
    reminder_rounds: Rounds
    reminders: Reminders
    questions: questions.Features
    projection: Projection
    absorptions: Absorptions
