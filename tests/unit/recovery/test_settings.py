import pytest

from services.recovery.settings import RecoverySettings
from shared.settings.loader import SettingsInvalid, load
from tests.support.environ import needed

NEEDED = {**needed("recovery"), "PORTICO_PEPPER": "a pepper that is long enough for a test"}


def test_the_defaults_are_the_numbers_of_the_row() -> None:
    settings = load(RecoverySettings, NEEDED)

    assert (settings.link_pause, settings.links_an_hour, settings.links_a_day) == (60, 3, 10)
    assert (settings.reminders_an_hour, settings.miss_patience, settings.tick) == (3, 60, 0.25)
    assert (settings.http_port, settings.metrics_port) == (8102, 9102)


def test_every_setting_that_does_not_fit_is_named_at_once() -> None:
    environ = NEEDED | {"PORTICO_LINK_PAUSE": "soon", "PORTICO_LINKS_A_DAY": "2"}

    with pytest.raises(SettingsInvalid) as refused:
        load(RecoverySettings, environ)

    told = "\n".join(refused.value.problems)
    assert "PORTICO_LINK_PAUSE" in told
    assert "PORTICO_LINKS_A_DAY is less than PORTICO_LINKS_AN_HOUR" in told
