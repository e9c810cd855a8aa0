"""What identity knows a browser by, for all who share it (MF-2)."""

from dataclasses import dataclass
from typing import cast

import pytest

from deploy.gateway.web.cookies import LARGEST, Jar, Sealer
from deploy.gateway.web.devices import COOKIE, MOST, secret_for, used
from deploy.gateway.web.visits import Visit
from shared.randomness import Randomness

pytestmark = pytest.mark.proves("MF-2")
SEALER = Sealer([b"k" * 32], Randomness())


@dataclass(slots=True)
class Browser:
    """Who keeps cookies from one request to the next."""

    jar: Jar


@pytest.fixture
def browser() -> Visit:
    return cast(Visit, Browser(jar=Jar(sent={}, sealer=SEALER, secure=True)))


def test_a_log_on_brings_the_secret_of_the_name_that_is_typed(browser: Visit) -> None:
    used(browser, "junes", "june.hale")
    used(browser, "pats", "pat.reed")

    assert secret_for(browser, "june.hale") == "junes"
    assert secret_for(browser, "  PAT.Reed ") == "pats"


def test_another_name_brings_the_one_used_last_and_a_new_browser_none(browser: Visit) -> None:
    assert secret_for(browser, "june.hale") is None
    used(browser, "pats", "pat.reed")
    used(browser, "junes", "june.hale")

    assert secret_for(browser, "june@mail.example") == secret_for(browser) == "junes"


def test_who_waits_for_the_second_step_is_who_logged_on_last(browser: Visit) -> None:
    used(browser, "pats", "pat.reed")
    used(browser, None, "june.hale")
    used(browser, "junes")

    assert (secret_for(browser, "june.hale"), secret_for(browser, "pat.reed")) == ("junes", "pats")


def test_the_cookie_holds_the_last_eight_and_no_name(browser: Visit) -> None:
    for number in range(20):
        used(browser, f"{number:x<43}", f"person.{number}")

    kept = [secret_for(browser, f"person.{number}") for number in range(20)]
    assert kept[20 - MOST :] == [f"{number:x<43}" for number in range(20 - MOST, 20)]
    assert set(kept[: 20 - MOST]) == {kept[-1]}
    assert len(browser.jar.text(COOKIE)) < LARGEST / 2
    assert browser.jar.changes[COOKIE].seconds == 400 * 86400
