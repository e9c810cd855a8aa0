import pytest

from deploy.gateway.web.agents import readable
from tests.unit.gateway.words import LANGUAGES

ENGLISH, SPANISH = LANGUAGES.choose("en", ""), LANGUAGES.choose("es", "")
WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
CHROME = f"{WEBKIT} Chrome/140.0.0.0 Safari/537.36"
PHONE = f"Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) {WEBKIT}"


@pytest.mark.proves("SE-1")
@pytest.mark.parametrize(
    ("agent", "said"),
    [
        (f"Mozilla/5.0 (X11; Linux x86_64) {CHROME}", "Chrome on Linux"),
        (f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {CHROME}", "Chrome on ChromeOS"),
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME} Edg/140.0", "Edge on Windows"),
        (f"Mozilla/5.0 (Linux; Android 10; K) {CHROME} OPR/90.0", "Opera on Android"),
        (f"{PHONE} Version/19.0 Mobile/15E148 Safari/604.1", "Safari on iPhone"),
        (f"{PHONE} CriOS/140.0 Mobile/15E148 Safari/604.1", "Chrome on iPhone"),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Firefox on Mac",
        ),
        ("curl/8.5.0", "curl/8.5.0"),
        ("<b>Chrome/1</b>", "<b>Chrome/1</b>"),
    ],
)
def test_an_agent_is_read_as_people_call_it_or_shown_as_it_is(agent: str, said: str) -> None:
    assert readable(agent, ENGLISH) == said


def test_it_is_said_in_the_readers_language() -> None:
    assert readable(f"Mozilla/5.0 (X11; Linux x86_64) {CHROME}", SPANISH) == "Chrome en Linux"
