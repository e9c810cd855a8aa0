import pytest

from deploy.gateway.__main__ import main
from deploy.gateway.settings import Settings
from shared.settings.loader import SettingsInvalid, load
from tests.unit.gateway.settings import KEY, OTHER_KEY, environment


def test_everything_that_does_not_fit_is_named_at_once_and_ends_with_two(
    capsys: pytest.CaptureFixture[str],
) -> None:
    wrong = environment(PORTAL_URL="ftp://x", COOKIE_KEYS="short", IDENTITY_URL="", SERVISE="1")

    assert main(["serve"], wrong) == 2

    told = capsys.readouterr().err
    for name in ("PORTAL_URL", "COOKIE_KEYS", "IDENTITY_URL", "SERVISE is unknown"):
        assert f"PORTICO_{name}" in told
    assert "short" not in told


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"PORTAL_URL": "http://portal.example"}, "PORTICO_PORTAL_URL: production wants https"),
        ({"MAILS_URL": "http://mails.example"}, "PORTICO_MAILS_URL is refused in production"),
        ({"CLOCK_FILE": "/etc/hostname"}, "PORTICO_CLOCK_FILE is refused in production"),
        ({"IDENTITY_URL": "http://identity.example"}, "PORTICO_IDENTITY_URL: production wants TLS"),
    ],
)
def test_production_refuses_what_only_development_may(changed: dict[str, str], named: str) -> None:
    good = {"ENVIRONMENT": "production", "PORTAL_URL": "https://portal.example"}
    load(Settings, environment(**good))

    with pytest.raises(SettingsInvalid) as refused:
        load(Settings, environment(**{**good, **changed}))

    assert [problem for problem in refused.value.problems if problem.startswith(named)]


def test_a_service_that_is_named_may_be_called_in_the_clear() -> None:
    changed = {"IDENTITY_URL": "http://identity.example", "PLAINTEXT": "identity.example"}

    load(Settings, environment(ENVIRONMENT="production", PORTAL_URL="https://p.example", **changed))


def test_two_keys_are_taken_and_three_are_not() -> None:
    assert len(load(Settings, environment(COOKIE_KEYS=f"{KEY},{OTHER_KEY}")).keys) == 2

    with pytest.raises(SettingsInvalid, match="one key, or two"):
        load(Settings, environment(COOKIE_KEYS=f"{KEY},{OTHER_KEY},{KEY}"))


def test_the_settings_verb_shows_no_key(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["settings"], environment()) == 0

    told = capsys.readouterr().out
    assert "PORTICO_COOKIE_KEYS=********" in told
    assert KEY not in told
