"""A date of birth as a body says it; what is none has the same code at each verb."""

from datetime import date
from typing import Annotated

from msgspec import Meta

from shared.errors import Invalid


class BirthDateImpossible(Invalid):
    """It is no day, or written in no way that the verb takes (RC-2)."""

    title = "There is no such date of birth"
    hint = "Check day, month and year, and write it as yyyy-mm-dd."


BirthDate = Annotated[date, Meta(extra={"refused_as": BirthDateImpossible})]
