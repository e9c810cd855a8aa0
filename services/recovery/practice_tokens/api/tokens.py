"""RC-5 over HTTP: a practice issues a reset token and makes it void; its patient redeems it."""

from typing import Annotated, ClassVar

import msgspec

from services.recovery.grants.grants import RecoveryGrant
from services.recovery.practice_tokens.features import Features
from services.recovery.practice_tokens.issuing import IssuedResetToken
from services.recovery.practice_tokens.model import GivenResetToken, HandedOver
from services.recovery.projections.names import LONGEST_NAME
from shared.contracts.ids import PatientId
from shared.http.routes import Body, Call, NoBody, NoReply, Reply, StaffBody
from shared.trust.access import Anonymous, PracticeCaller
from shared.trust.typed_secrets import LONGEST


class IssueResetTokenBody(StaffBody, frozen=True, kw_only=True):
    handed_over: HandedOver


class VoidResetTokenBody(StaffBody, frozen=True, kw_only=True):
    """Nothing but who makes it void, and why."""


class GivenResetTokens(Reply, frozen=True, kw_only=True):
    """The practice's own live ones: one at most."""

    shows_most: ClassVar[int] = 1

    reset_tokens: tuple[GivenResetToken, ...]


class RedeemResetToken(Body, frozen=True, kw_only=True):
    """`token` may have blanks and dashes wherever somebody put them."""

    username: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_NAME)]
    token: Annotated[str, msgspec.Meta(max_length=LONGEST)]


async def issue_reset_token(
    features: Features, call: Call[IssueResetTokenBody, PracticeCaller], patient_id: PatientId
) -> IssuedResetToken:
    return await features.issuing.issue(
        call.caller.practice_id,
        patient_id,
        handed_over=call.body.handed_over,
        by=call.by,
        key=call.idempotency,
    )


async def list_reset_tokens(
    features: Features, call: Call[NoBody, PracticeCaller], patient_id: PatientId
) -> GivenResetTokens:
    found = await features.given.list(call.caller.practice_id, patient_id, by=call.by)
    return GivenResetTokens(reset_tokens=tuple(found))


async def void_reset_token(
    features: Features, call: Call[VoidResetTokenBody, PracticeCaller], patient_id: PatientId
) -> NoReply:
    await features.issuing.void(call.caller.practice_id, patient_id, by=call.by)
    return NoReply()


async def redeem_reset_token(
    features: Features, call: Call[RedeemResetToken, Anonymous]
) -> RecoveryGrant:
    """Exchange a live token for a grant; it stays usable until a password is set."""
    return await features.redeeming.redeem(call.body.username, call.body.token, by=call.by)
