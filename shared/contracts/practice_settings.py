"""What a practice decides for its patients (ST-2): each setting a line, with range and default."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from shared.contracts.contract import Data


class Channel(StrEnum):
    """How practice communications reach a patient (NT-2)."""

    EMAIL = "email"
    TEXT_MESSAGE = "text-message"  #: where the deployment has a provider (NT-3)
    PORTAL = "portal"  #: a notice (NT-8)


class PracticeSettings(Data, frozen=True, kw_only=True):
    """A practice's settings, told whole whenever one changes; a change counts for what comes later.

    A setting that is new has its default wherever it is not yet stored or told. A range holds for
    who sets it, never for who reads it: in the next release it may be another.
    """

    reset_link_minutes: Annotated[
        int,
        Meta(
            description="life of a reset link, 15 to 1440 (RC-3)",
            extra={"lowest": 15, "highest": 1440},
        ),
    ] = 60
    token_hours_in_person: Annotated[
        int,
        Meta(
            description="life of an enrolment token handed over in person, 1 to 168 (EN-1)",
            extra={"lowest": 1, "highest": 168},
        ),
    ] = 72
    token_days_post: Annotated[
        int,
        Meta(
            description="life of one that was posted, 1 to 30 (EN-1)",
            extra={"lowest": 1, "highest": 30},
        ),
    ] = 21
    token_hours_email: Annotated[
        int,
        Meta(
            description="life of one that the practice mails itself, 1 to 24 (EN-1)",
            extra={"lowest": 1, "highest": 24},
        ),
    ] = 24
    invitation_days: Annotated[
        int,
        Meta(
            description="life of an invitation, 1 to 14 (EN-3)", extra={"lowest": 1, "highest": 14}
        ),
    ] = 7
    temporary_hours: Annotated[
        int,
        Meta(
            description="life of a temporary username and password, 1 to 168 (EN-2)",
            extra={"lowest": 1, "highest": 168},
        ),
    ] = 72
    reset_token_hours: Annotated[
        int,
        Meta(
            description="life of a reset token told in person or by phone, 1 to 168 (RC-5)",
            extra={"lowest": 1, "highest": 168},
        ),
    ] = 24
    reset_token_days_post: Annotated[
        int,
        Meta(
            description="life of one that was posted, 1 to 21 (RC-5)",
            extra={"lowest": 1, "highest": 21},
        ),
    ] = 14
    own_account_age: Annotated[
        int,
        Meta(
            description="age from which a patient has an account of her own, 13 to 18 (EN-8)",
            extra={"lowest": 13, "highest": 18},
        ),
    ] = 18
    takes_requests: Annotated[
        bool,
        Meta(description="whether people may ask to be enrolled (EN-4)"),
    ] = False
    security_questions: Annotated[
        bool,
        Meta(
            description="whether patients set five security questions, and may set a new password "
            "by answering two of them (RC-8, RC-4)"
        ),
    ] = True
    channels: Annotated[
        tuple[str, ...],  # a reader passes over one that it does not know yet
        Meta(
            description="channels that patients may choose, in the order in which they are tried "
            "where a patient chose nothing (NT-2)",
            extra={"of": tuple(Channel)},
        ),
    ] = (Channel.EMAIL, Channel.PORTAL)
