"""How long a link lives, and how often one is mailed (RC-3)."""

from collections.abc import Sequence
from datetime import timedelta

from shared.contracts.sealed import SealPurpose
from shared.limits import DAY, HOUR, Limit
from shared.one_time import Purpose

DEFAULT_MINUTES = 60  # RC-3: for an account without a practice
SHORTEST_MINUTES = 15
LONGEST_MINUTES = 1440
RESET_LINK = Purpose(name=SealPurpose.RESET_LINK, longest=timedelta(minutes=LONGEST_MINUTES))
"""RC-3: used up only by a new password at identity, so no try is counted here."""


def life_minutes(practices: Sequence[int | None]) -> int:
    """Return the shortest life that the practices allow (RC-3).

    A practice not heard of yet counts as the shortest there is: a link may die early but must not
    outlive what a practice wants.
    """
    shortest = min(
        (SHORTEST_MINUTES if minutes is None else minutes for minutes in practices),
        default=DEFAULT_MINUTES,
    )
    return min(max(shortest, SHORTEST_MINUTES), LONGEST_MINUTES)


def link_mail_limit(*, pause: timedelta, an_hour: int, a_day: int) -> Limit:
    """How often one account is mailed a link (RC-3)."""
    return Limit("link-mail", ((1, pause), (an_hour, HOUR), (a_day, DAY)))
