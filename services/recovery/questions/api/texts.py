"""Questions as a page shows them: the code, and the text in a language."""

from collections.abc import Sequence

from services.recovery.questions.bank import BANK
from shared.contracts.languages import Language, language_of
from shared.http.routes import Reply


class Question(Reply, frozen=True, kw_only=True):
    code: str
    text: str


def worded(codes: Sequence[str], locale: str) -> tuple[Language, tuple[Question, ...]]:
    """Word these in a locale's language, else in English: a page must say which (WCAG 3.1.2)."""
    language = language_of(locale) or Language.ENGLISH
    return language, tuple(Question(code=code, text=BANK[code][language]) for code in codes)
