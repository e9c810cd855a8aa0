"""RC-6 over HTTP: who one is, then one's address among four."""

from typing import Annotated

from msgspec import Meta

from services.recovery.grants.grants import RecoveryGrant
from services.recovery.validation.decoys import COUNT
from services.recovery.validation.features import Features
from services.recovery.validation.model import Fields
from services.recovery.validation.validations import AddressQuestion
from shared.contracts.birth_dates import BirthDate
from shared.http.routes import Body, Call
from shared.http.texts import Line, Name
from shared.trust.access import Anonymous

LONGEST_NAME = 320  # no address or username is longer


class BeginValidation(Body, frozen=True, kw_only=True):
    """All of it as one practice has it; the phone with or without country code."""

    username: Annotated[str, Meta(min_length=1, max_length=LONGEST_NAME)]
    birth_date: BirthDate
    last_name: Name
    first_name: Name
    home_phone: Line


class AnswerValidation(Body, frozen=True, kw_only=True):
    """`choice` is the place of an address, from 0 to 3, or 4: none of these."""

    challenge: Annotated[str, Meta(max_length=100)]
    choice: Annotated[int, Meta(ge=0, le=COUNT)]


async def begin_validation(
    features: Features, call: Call[BeginValidation, Anonymous]
) -> AddressQuestion:
    """Ask, whatever was typed."""
    body = call.body
    return await features.validations.begin(
        Fields(
            username=body.username,
            birth_date=body.birth_date,
            last_name=body.last_name,
            first_name=body.first_name,
            home_phone=body.home_phone,
        ),
        key=call.idempotency,
        by=call.by,
    )


async def answer_validation(
    features: Features, call: Call[AnswerValidation, Anonymous]
) -> RecoveryGrant:
    """Exchange the right answer for a grant, as often as its reply gets lost."""
    return await features.validations.answer(call.body.challenge, call.body.choice, by=call.by)
