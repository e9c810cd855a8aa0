"""Terms and disclaimers, as identity keeps them."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.identity.sessions.reach import Answer
from shared.contracts.ids import PracticeId


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedTerms:
    version: str
    texts: Mapping[str, str]  # by language


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclaimer:
    version: int  # 0: there never was one
    texts: Mapping[str, str]  # by language; none: nothing is asked


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedDisclaimer:
    """What a session is asked for a practice, and what it said to it."""

    practice_id: PracticeId
    practice_name: str
    version: int
    texts: Mapping[str, str]
    answer: Answer
