"""Identity's settings: every problem at once, never a secret in it."""

import subprocess
import sys

import pytest

from services.identity.__main__ import PROGRAM
from services.identity.settings import PolicyName, Settings
from shared.program.commands import main
from shared.settings.loader import SettingsInvalid, load
from tests.support.environ import needed
from tests.support.lines import logged

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


APP = "android:apk-key-hash:" + "A" * 43


@pytest.mark.proves("MF-6")
@pytest.mark.parametrize(
    ("rp_id", "origins", "environment"),
    [
        ("portal.example", "https://portal.example", "production"),
        ("portal.example", f"https://www.portal.example:8443, {APP}", "production"),
        ("localhost", "http://localhost:8100", "development"),
    ],
)
def test_passkeys_are_offered_where_rp_id_and_origins_fit(
    rp_id: str, origins: str, environment: str
) -> None:
    settings = load(
        Settings,
        {
            **ENOUGH,
            "PORTICO_ENVIRONMENT": environment,
            "PORTICO_PASSKEY_RP_ID": rp_id,
            "PORTICO_PASSKEY_ORIGINS": origins,
        },
    )

    assert settings.passkey_rp_id == rp_id
    assert settings.passkey_origins == tuple(origins.replace(" ", "").split(","))


@pytest.mark.proves("MF-6")
@pytest.mark.parametrize(
    ("rp_id", "origins", "environment", "problems"),
    [
        ("", "https://portal.example", "production", 1),
        ("portal.example", "", "production", 1),
        ("Portal.example", "https://portal.example", "production", 1),
        ("127.0.0.1", "https://127.0.0.1", "production", 2),
        ("example", "https://example", "production", 1),
        ("portal.example", "https://portal.example/", "production", 1),
        ("portal.example", "http://portal.example", "production", 1),
        ("portal.example", "https://portal.example:443", "production", 1),
        ("portal.example", "https://portal.example:65536", "production", 1),
        ("localhost", "http://localhost:80", "development", 1),
        ("portal.example", "https://evilportal.example", "production", 1),
        ("portal.example", "https://other.example, android:apk-key-hash:x", "production", 2),
        ("localhost", "http://localhost:8100", "production", 1),
        ("portal.example", "http://localhost:8100", "development", 1),
        ("Portal.example", "https://portal.example/, http://portal.example", "production", 3),
        ("", "https://portal.example/", "production", 2),
        ("portal.example", "https://portal.example:443, https://other.example", "nowhere", 1),
    ],
)
def test_what_does_not_fit_of_passkeys_is_named(
    rp_id: str, origins: str, environment: str, problems: int
) -> None:
    said = {
        "PORTICO_ENVIRONMENT": environment,
        "PORTICO_PASSKEY_RP_ID": rp_id,
        "PORTICO_PASSKEY_ORIGINS": origins,
    }

    with pytest.raises(SettingsInvalid) as invalid:
        load(Settings, {**ENOUGH, **said})

    told = [one for one in invalid.value.problems if "PASSKEY" in one]
    assert len(told) == problems
    assert len(invalid.value.problems) - len(told) == (environment == "nowhere")


WRONG_PASSKEYS = {
    "PORTICO_PASSKEY_RP_ID": "Portal.example",
    "PORTICO_PASSKEY_ORIGINS": (
        "https://portal.example, https://portal.example/, http://portal.example, "
        "android:apk-key-hash:x"
    ),
}
EACH_NAMED = [
    "PORTICO_PASSKEY_RP_ID: expected a domain's name",
    "PORTICO_PASSKEY_ORIGINS: number 2 ",
    "PORTICO_PASSKEY_ORIGINS: number 3 ",
    "PORTICO_PASSKEY_ORIGINS: number 4 ",
]


def each_named(told: str) -> bool:
    """Whether these are told, a line each and nothing else."""
    lines = told.splitlines()
    pairs = zip(lines, EACH_NAMED, strict=False)
    return len(lines) == len(EACH_NAMED) and all(line.startswith(one) for line, one in pairs)


@pytest.mark.proves("MF-6")
@pytest.mark.parametrize("verb", ["serve", "migrate", "check", "settings", "purge"])
def test_no_verb_runs_with_passkeys_that_do_not_fit(
    verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with logged():
        assert main(PROGRAM, [verb], {**ENOUGH, **WRONG_PASSKEYS}) == 2

    assert each_named(capsys.readouterr().err)


@pytest.mark.timeout(300)
@pytest.mark.proves("MF-6")
def test_the_process_ends_with_exit_2_and_every_wrong_setting_of_passkeys() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "services.identity"],
        env={**ENOUGH, **WRONG_PASSKEYS},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (ended.returncode, ended.stdout) == (2, "")
    assert each_named(ended.stderr)
