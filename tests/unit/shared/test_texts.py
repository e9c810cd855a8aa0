"""Human text: what prints is taken in every script, what hides or turns other text is not."""

import msgspec
import pytest

from shared.http.parsing import from_json
from shared.http.problems import BodyInvalid
from shared.http.routes import Body
from shared.http.texts import Line, prints, shown


class Written(Body, frozen=True, kw_only=True):
    text: Line


def taken(text: str) -> bool:
    try:
        body = from_json(Written, msgspec.json.encode({"text": text}))
    except BodyInvalid:
        return False
    return body == Written(text=text)


@pytest.mark.proves("ST-1")
@pytest.mark.parametrize(
    "hidden",
    [
        "\u0085", "\u009b", "\u2028", "\u2029", "\u202e", "\u2066", "\u200b", "\u200d",
        "\u2060", "\ufeff", "\u00ad", "\u3164", "\u2800", "\ufffc",
    ],
)  # fmt: skip
def test_what_hides_or_turns_text_is_refused_wherever_it_stands(hidden: str) -> None:
    for text in (hidden, f"{hidden}came to the desk", f"came {hidden}to", f"came{hidden}"):
        assert not prints(text)
    assert not taken(f"came{hidden}")


@pytest.mark.parametrize("control", ["\n", "\t", "\x7f"])
def test_a_control_character_is_refused(control: str) -> None:
    assert not prints(f"came to{control}the desk")


@pytest.mark.parametrize("text", ["", " ", "\u3000", "\ufe0f", " \U000e0100"])
def test_there_must_be_something_to_see(text: str) -> None:
    assert not prints(text)


@pytest.mark.parametrize(
    "text",
    [
        "O\u2019Neill-Łuczak Jr.",
        "\u0639\u0644\u06cc\u200c\u0631\u0636\u0627",  # a Persian name, with a joiner
        "क्\u200dष",
        "सोनी",
        "葛\U000e0100城",  # which form of a character a Japanese name is written with
        "reason: 50 % (№7)",
    ],
)
def test_what_prints_is_taken_in_every_script(text: str) -> None:
    assert prints(text)
    assert taken(text)


@pytest.mark.proves("SE-1")
@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Mozilla/5.0 (X11)", "Mozilla/5.0 (X11)"),
        ("  a\tb\n\u202ec\x1b[31m ", "a b c [31m"),
        ("caf\udce9", "caf"),  # a byte that is no text, as servers hand it over
        ("\u200b\u2800", None),
        ("", None),
        ("📱" * 201, "📱" * 200),
        ("x" * 199 + " y", "x" * 199),
    ],
)
def test_of_a_text_of_anybodys_a_line_is_left_that_can_be_shown(
    text: str, line: str | None
) -> None:
    assert shown(text, most=200) == line
    assert line is None or taken(line)
