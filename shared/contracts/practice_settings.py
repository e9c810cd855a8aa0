"""What a practice decides for its patients (ST-2): each setting a line, with range and default."""

from typing import Annotated

from msgspec import Meta

from shared.contracts.contract import Data


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
