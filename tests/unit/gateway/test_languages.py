import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from jinja2.ext import babel_extract

from tests.support.proof import ROOT
from tests.unit.gateway.words import ENGLISH, LANGUAGES, SPANISH

GATEWAY = Path(ROOT) / "deploy" / "gateway"
OPTIONS = {"trim_blocks": "true", "lstrip_blocks": "true"}
PLACE = re.compile(r"%\(\w+\)s")


def texts() -> Iterator[str]:
    """Every text that a page may say: marked in modules, or written in templates."""
    for module in GATEWAY.rglob("*.py"):
        with module.open("rb") as source:
            for _, found, _, _ in extract("python", source, keywords={"N_": None}):
                assert isinstance(found, str)
                yield found
    for template in (GATEWAY / "templates").glob("*.html"):
        with template.open("rb") as source:
            for _, _, words, _ in babel_extract(source, ("_",), (), OPTIONS):
                yield words if isinstance(words, str) else str(next(iter(words or ())))


def test_the_catalogue_has_every_text_and_no_other_with_the_same_places() -> None:
    with (GATEWAY / "catalogues" / "es.po").open("rb") as source:
        catalogue = {str(message.id): message for message in read_po(source) if message.id}

    assert set(catalogue) == set(texts())
    for text, message in catalogue.items():
        assert message.string, text
        assert not message.fuzzy, text
        assert sorted(PLACE.findall(text)) == sorted(PLACE.findall(str(message.string))), text


@pytest.mark.parametrize(
    ("kept", "accepted", "chosen"),
    [
        ("", "", "en"),
        ("", "de-DE, es;q=0.8, en;q=0.9", "en"),
        ("", "de, es-MX;q=0.8", "es"),
        ("es", "en", "es"),
        ("xx", "es", "es"),
        ("", "es;q=0, fr", "en"),
        ("", "es;q=often", "en"),
        ("", ",;q=,,", "en"),
    ],
)
def test_a_language_is_what_was_chosen_else_what_the_browser_asks_for(
    kept: str, accepted: str, chosen: str
) -> None:
    assert LANGUAGES.choose(kept, accepted).code == chosen


def test_dates_are_said_as_people_say_them_in_the_accounts_zone() -> None:
    moment = datetime(2026, 11, 28, 3, 5, tzinfo=UTC)

    assert ENGLISH.day(date(1988, 4, 17)) == "April 17, 1988"
    assert SPANISH.moment(moment, "America/New_York") == "27 de noviembre de 2026, 22:05"
    assert SPANISH.moment(moment, "Nowhere/AtAll") == "28 de noviembre de 2026, 3:05"
