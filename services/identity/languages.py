"""Texts by language: what is shown to whoever asks in one, or in none that there is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

FALLBACK = "en"
LANGUAGE = r"^[a-z]{2,3}(-[A-Z]{2})?$"
LONGEST_TEXT = 20_000  # code points

Language = Annotated[str, Meta(pattern=LANGUAGE)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Worded:
    """A text and the language it is in, which a page must say (WCAG 3.1.2)."""

    language: str
    text: str


def worded(texts: Mapping[str, str], locale: str) -> Worded:
    """Pick the text of a locale, of its language in whatever country, in English, or the first
    there is.

    Whatever the locale says, there is a text: nobody is shut out by the language of a browser.
    """
    spoken = locale.partition("-")[0]
    for language in (locale, *_of(texts, spoken), *_of(texts, FALLBACK), *sorted(texts)):
        if language in texts:
            return Worded(language=language, text=texts[language])
    raise LookupError("there is no text in any language")


def _of(texts: Mapping[str, str], spoken: str) -> list[str]:
    """The locales of that language, the one without a country before the others."""
    return sorted(each for each in texts if each.partition("-")[0] == spoken)
