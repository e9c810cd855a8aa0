"""Identity's settings: every problem at once, never a secret in it."""

import pytest

from services.identity.settings import PolicyName, Settings
from shared.settings.loader import SettingsInvalid, load
from tests.support.environ import needed

ENOUGH = {**needed("identity"), "PORTICO_PEPPER": "a pepper that is long enough for a test"}


def test_the_defaults_are_those_of_the_feature_rows() -> None:
    settings = load(Settings, ENOUGH)

    assert settings.password_policy is PolicyName.PORTAL
    assert settings.bcrypt_cost == 12
    assert (settings.verify_minutes, settings.verify_mails_an_hour) == (60, 5)
    assert settings.verify_mails_a_day == 10


def test_all_that_does_not_fit_is_named_at_once_without_its_value() -> None:
    wrong = {
        "PORTICO_PEPPER": "hunter2",
        "PORTICO_PASSWORD_POLICY": "lax",
        "PORTICO_BCRYPT_COST": "31",
        "PORTICO_VERIFY_MINUTES": "0",
    }

    with pytest.raises(SettingsInvalid) as invalid:
        load(Settings, {**ENOUGH, **wrong})

    told = "\n".join(invalid.value.problems)
    assert [name for name in wrong if name not in told] == []
    assert "hunter2" not in told


def test_the_pepper_is_not_the_key_encryption_key() -> None:
    key = "4OHi4+Tl5ufo6err7O3u7/Dx8vP09fb3+Pn6+/z9/v8="
    pair = {"PORTICO_KEY_ENCRYPTION_KEY": key, "PORTICO_PEPPER": key}

    for pepper in (key, bytes(range(224, 256)).hex()):
        with pytest.raises(SettingsInvalid) as invalid:
            load(Settings, {**ENOUGH, **pair, "PORTICO_PEPPER": pepper})
        [told] = invalid.value.problems
        assert "PORTICO_PEPPER and PORTICO_KEY_ENCRYPTION_KEY are the same" in told
        assert pepper not in told


@pytest.mark.parametrize("pepper", ["p" * 32, "changeme" * 5, "Change-Me-in-production-0123456789"])
def test_a_pepper_that_nobody_made_at_random_is_refused(pepper: str) -> None:
    with pytest.raises(SettingsInvalid) as invalid:
        load(Settings, {**ENOUGH, "PORTICO_PEPPER": pepper})

    [told] = invalid.value.problems
    assert told.startswith("PORTICO_PEPPER: expected random characters")
    assert pepper not in told
