"""Which of a text's languages somebody is shown (EN-9, DISC-1)."""

from collections.abc import Sequence

import pytest

from services.identity.languages import worded


@pytest.mark.proves("EN-9", "DISC-1")
@pytest.mark.parametrize(
    ("languages", "locale", "shown"),
    [
        (("en", "es", "es-MX"), "es-MX", "es-MX"),
        (("en", "es", "es-MX"), "es-US", "es"),
        (("en", "es-US"), "es", "es-US"),
        (("en", "es-MX", "es-US"), "es-AR", "es-MX"),
        (("de", "en-US", "es"), "fr", "en-US"),
        (("de", "en", "en-US"), "", "en"),
        (("es", "de"), "en-US", "de"),
    ],
)
def test_a_text_in_ones_own_language_comes_before_any_other(
    languages: Sequence[str], locale: str, shown: str
) -> None:
    found = worded({each: f"in {each}" for each in languages}, locale)

    assert (found.language, found.text) == (shown, f"in {shown}")
