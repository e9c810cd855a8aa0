"""What recovery can do: a field a group, in the order of who may import whom."""

from dataclasses import dataclass

from services.recovery.grants import features as grants
from services.recovery.links import features as links
from services.recovery.merging import features as merging
from services.recovery.practice_tokens import features as practice_tokens
from services.recovery.projections import features as projections
from services.recovery.questions import features as questions
from services.recovery.usernames import features as usernames
from services.recovery.validation import features as validation


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    merging: merging.Features
    links: links.Features
    usernames: usernames.Features
    practice_tokens: practice_tokens.Features
    questions: questions.Features
    validation: validation.Features
    grants: grants.Features
    projections: projections.Features
