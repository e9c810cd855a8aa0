"""Settings: all problems at once, nothing secret shown, nothing misspelt passes unseen."""

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import pytest
from msgspec import Meta

from shared.settings.loader import SettingsInvalid, describe, load, setting
from shared.settings.service import ServiceSettings
from shared.settings.values import Port, Secret, in_the_clear, key_bytes
from tests.support.environ import needed

GOOD = needed("identity")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopSettings(ServiceSettings):
    pause: Annotated[float, Meta(ge=1, le=90)] = setting("PAUSE", default=60.0, help="a pause")
    patience: Annotated[float, Meta(ge=1, le=90)] = setting(
        "PATIENCE", default=60.0, help="patience"
    )
    side_door: Port | None = setting(  # noqa: RUF009 - it makes a field
        "SIDE_DOOR", default=None, help="a port of its own"
    )

    def contradictions(self) -> Iterable[str]:
        if self.patience < self.pause:
            yield "PORTICO_PATIENCE is less than PORTICO_PAUSE"


def problems(environ: dict[str, str], cls: type[ServiceSettings] = ServiceSettings) -> list[str]:
    with pytest.raises(SettingsInvalid) as raised:
        load(cls, environ)
    return list(raised.value.problems)


def test_defaults_stand_where_nothing_is_set() -> None:
    settings = load(ServiceSettings, GOOD)

    assert settings.environment == "production"
    assert settings.source_budget == 50
    assert settings.body_limit == 65536
    assert settings.request_seconds == 10


def test_every_problem_is_told_at_once() -> None:
    wrong = {
        "PORTICO_BROKER_URL": "http://localhost",
        "PORTICO_HTTP_PORT": "70000",
        "PORTICO_LOG_LEVEL": "loud",
        "PORTICO_TRUSTED_PROXIES": "10.0.0.0/99",
        "PORTICO_KEY_ENCRYPTION_KEY": "c2hvcnQ=",
        "PORTICO_DIGEST_KEY": "c2hvcnQ=",
    }

    told = problems(wrong)

    named = [line.partition(":")[0].partition(" ")[0] for line in told]
    assert sorted(named) == sorted([*wrong, "PORTICO_DATABASE_URL"])


def test_an_unknown_variable_is_a_problem_that_names_the_nearest_one() -> None:
    told = problems({**GOOD, "PORTICO_LOGLEVEL": "INFO"})

    assert told == ["PORTICO_LOGLEVEL is unknown: PORTICO_LOG_LEVEL?"]


def test_variables_of_other_programs_are_none_of_ours() -> None:
    load(ServiceSettings, {**GOOD, "PATH": "/bin", "PORT": "x"})


@pytest.mark.parametrize("parted_by", [",", " ", ", "])
def test_networks_are_parted_by_commas_or_blanks(parted_by: str) -> None:
    names = ["10.0.0.0/8", "192.0.2.7/32"]

    settings = load(ServiceSettings, {**GOOD, "PORTICO_TRUSTED_PROXIES": parted_by.join(names)})

    assert list(map(str, settings.trusted_proxies)) == names


def test_an_empty_variable_counts_as_not_set() -> None:
    settings = load(ServiceSettings, {**GOOD, "PORTICO_HTTP_PORT": "", "PORTICO_CLOCK_FILE": ""})

    assert settings.http_port == 8100
    assert settings.clock_file is None


def test_a_moved_clock_is_refused_in_production() -> None:
    [told] = problems({**GOOD, "PORTICO_CLOCK_FILE": "/run/clock"})

    assert "PORTICO_CLOCK_FILE is refused in production" in told


def test_a_moved_clock_is_taken_in_development(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    file.write_text("0")
    moved = {"PORTICO_ENVIRONMENT": "development", "PORTICO_CLOCK_FILE": str(file)}

    assert load(ServiceSettings, {**GOOD, **moved}).clock_file == file


def test_a_clock_file_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    moved = {"PORTICO_ENVIRONMENT": "development", "PORTICO_CLOCK_FILE": str(tmp_path / "none")}

    assert problems({**GOOD, **moved}) == ["PORTICO_CLOCK_FILE: there is no such file"]


@pytest.mark.parametrize(
    "issuer",
    [
        "portico",
        "https:///nowhere",
        "ftp://a.example",
        "https://a.example?b",
        "https://a.example/#",
        "https://[a",
        "https://user@a.example",
        "https://user:pw@a.example",
    ],
)
def test_an_issuer_that_is_no_address_is_a_problem(issuer: str) -> None:
    [told] = problems({**GOOD, "PORTICO_ISSUER": issuer})

    assert told.startswith("PORTICO_ISSUER: expected")
    assert issuer not in told


def test_contradictions_are_told_beside_wrong_values_and_from_every_class() -> None:
    told = problems(
        {
            **GOOD,
            "PORTICO_PATIENCE": "2",
            "PORTICO_HTTP_PORT": "x",
            "PORTICO_CLOCK_FILE": "/run/clock",
        },
        ShopSettings,
    )

    assert len(told) == 3


@pytest.mark.parametrize("value", ["nan", "inf", "0.5", "91", "soon"])
def test_a_number_outside_its_range_is_refused(value: str) -> None:
    [told] = problems({**GOOD, "PORTICO_PAUSE": value}, ShopSettings)

    assert told == "PORTICO_PAUSE: expected seconds from 1 to 90"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ENVIRONMENT", "production | development"),
        ("LOG_LEVEL", "debug, info, warning or error"),
        ("BODY_LIMIT", "a whole number from 1024 to 16777216"),
        ("POOL_WAIT_SECONDS", "seconds from 0.1 to 60"),
    ],
)
def test_a_problem_names_what_is_expected_and_never_the_value(name: str, expected: str) -> None:
    [told] = problems({**GOOD, f"PORTICO_{name}": "hunter2"})

    assert told == f"PORTICO_{name}: expected {expected}"


@pytest.mark.parametrize("value", ["null", "None", "65536"])
def test_an_optional_setting_that_is_set_is_what_its_type_says(value: str) -> None:
    [told] = problems({**GOOD, "PORTICO_SIDE_DOOR": value}, ShopSettings)

    assert told == "PORTICO_SIDE_DOOR: expected a whole number from 0 to 65535"


def test_a_secret_shows_itself_nowhere() -> None:
    settings = load(ServiceSettings, GOOD)

    shown = f"{settings} {settings!r} {settings.database_url} {settings.key_encryption_key!r}"

    assert "hunter2" not in shown
    assert GOOD["PORTICO_KEY_ENCRYPTION_KEY"] not in shown
    assert settings.database_url.reveal() == GOOD["PORTICO_DATABASE_URL"]


@pytest.mark.parametrize("name", list(GOOD))
def test_a_problem_never_repeats_the_value(name: str) -> None:
    [told] = problems({**GOOD, name: "hunter2"})

    assert "hunter2" not in told


def test_the_key_is_read_in_both_alphabets_of_base64() -> None:
    raw = bytes(range(224, 256))

    assert key_bytes(Secret("4OHi4-Tl5ufo6err7O3u7_Dx8vP09fb3-Pn6-_z9_v8")) == raw
    assert key_bytes(Secret("4OHi4+Tl5ufo6err7O3u7/Dx8vP09fb3+Pn6+/z9/v8=")) == raw


def test_every_setting_is_described_for_the_readme() -> None:
    rows = {row.name: row for row in describe(ShopSettings)}

    assert rows["PORTICO_PAUSE"].default == "60"
    assert rows["PORTICO_PAUSE"].type == "seconds from 1 to 90"
    assert rows["PORTICO_SIDE_DOOR"].type == "whole number from 0 to 65535"
    assert rows["PORTICO_ENVIRONMENT"].default == "production"
    assert rows["PORTICO_DATABASE_URL"].default == "(required)"
    assert rows["PORTICO_DATABASE_URL"].secret
    assert all(row.help for row in rows.values())


def test_a_private_ca_is_a_file_with_certificates(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("hunter2")

    for wrong in (file, tmp_path / "none", tmp_path):
        [told] = problems({**GOOD, "PORTICO_TLS_CA": str(wrong)})
        assert told == "PORTICO_TLS_CA: expected a readable PEM file with certificates"


@pytest.mark.parametrize(
    "key",
    [
        bytes(32),
        b"changemechangemechangemechangeme",
        b"PLACEHOLDER-0123456789-abcdefghi",
        base64.b64decode("changeme" * 5 + "cha="),
    ],
)
def test_a_key_that_nobody_made_at_random_is_refused(key: bytes) -> None:
    [told] = problems({**GOOD, "PORTICO_KEY_ENCRYPTION_KEY": base64.b64encode(key).decode()})

    assert told.startswith("PORTICO_KEY_ENCRYPTION_KEY: expected 32 random bytes")


@pytest.mark.parametrize("networks", ["0.0.0.0/0", "::/0", "10.0.0.0/8,0.0.0.0/1", "0::/4"])
def test_proxies_are_never_everybody(networks: str) -> None:
    [told] = problems({**GOOD, "PORTICO_TRUSTED_PROXIES": networks})

    assert told.startswith("PORTICO_TRUSTED_PROXIES: expected networks of one's own")


def test_the_widest_networks_of_one_s_own_are_proxies() -> None:
    own = {"PORTICO_TRUSTED_PROXIES": "10.0.0.0/8,fd00::/8,fc00::/7"}

    assert len(load(ServiceSettings, {**GOOD, **own}).trusted_proxies) == 3


@pytest.mark.parametrize("header", ["Forwarded", "forwarded"])
def test_a_header_that_nothing_here_reads_is_refused(header: str) -> None:
    [told] = problems({**GOOD, "PORTICO_FORWARDED_HEADER": header})

    assert told.startswith("PORTICO_FORWARDED_HEADER: expected")


@pytest.mark.parametrize(
    "host", ["http://a", "a b", "127.0.0.1:80", "[::1]", "a..b", "300.1.1.1", "-a", "*", "a" * 64]
)
def test_what_cannot_be_a_host_is_no_address_to_listen_on(host: str) -> None:
    [told] = problems({**GOOD, "PORTICO_HTTP_HOST": host})

    assert told == "PORTICO_HTTP_HOST: expected an address or the name of a host"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "localhost", "node-1.portico.example"])  # noqa: S104
def test_a_host_to_listen_on(host: str) -> None:
    assert load(ServiceSettings, {**GOOD, "PORTICO_HTTP_HOST": host}).http_host == host


ELSEWHERE = {
    "PORTICO_DATABASE_URL": "postgresql://identity:hunter2@db.example/portico",
    "PORTICO_MIGRATION_URL": "postgresql://owner:hunter2@db.example/portico?sslmode=require",
    "PORTICO_BROKER_URL": "amqp://identity:hunter2@mq.example/portico",
    "PORTICO_BROKER_ADMIN_URL": "http://admin:hunter2@mq.example:15672",
    "PORTICO_ISSUER": "http://portico.example",
}


@pytest.mark.proves("V12.3.1")
@pytest.mark.parametrize("name", ELSEWHERE)
def test_production_speaks_to_no_other_machine_in_the_clear(name: str) -> None:
    [told] = problems({**GOOD, name: ELSEWHERE[name]})

    assert told.startswith(f"{name}: production wants")
    assert "hunter2" not in told


@pytest.mark.proves("V12.3.1")
def test_a_host_that_is_named_may_be_spoken_to_in_the_clear_and_no_other() -> None:
    told = problems({**GOOD, **ELSEWHERE, "PORTICO_PLAINTEXT": "DB.example portico.example"})

    assert [one.partition(":")[0] for one in told] == [
        "PORTICO_BROKER_URL",
        "PORTICO_BROKER_ADMIN_URL",
    ]


@pytest.mark.parametrize(
    "how",
    [{"PLAINTEXT": "db.example, mq.example,portico.example"}, {"ENVIRONMENT": "development"}],
)
def test_plaintext_is_for_those_who_accept_it(how: dict[str, str]) -> None:
    load(
        ServiceSettings,
        {**GOOD, **ELSEWHERE, **{f"PORTICO_{name}": value for name, value in how.items()}},
    )


@pytest.mark.proves("V12.3.1")
@pytest.mark.parametrize(
    ("url", "clear"),
    [
        ("postgresql://a@127.0.0.1/x", False),
        ("postgresql://a@[::1]/x", False),
        ("postgresql:///x?host=/run/postgresql", False),
        ("postgresql://%2Frun%2Fpostgresql/x", False),
        ("postgresql:///x?host=db.example", True),
        ("postgresql://a@localhost,db.example/x", True),
        ("postgresql://a@db.example/x?sslmode=verify-ca", True),
        ("postgresql://a@db.example/x?sslmode=verify-full", False),
        ("postgresql://a@db.example/x?sslmode=verify-full&sslmode=disable", True),
        ("amqps://mq.example", False),
        ("amqp://127.0.0.1.example", True),
        ("smtp://mail.example", True),
        ("smtps://mail.example", False),
        ("smtp+starttls://mail.example", False),
        ("http://127.8.0.1", False),
        ("https://portal.example", False),
        ("postgresql://", True),
    ],
)
def test_which_urls_lead_to_another_machine_in_the_clear(url: str, clear: bool) -> None:
    assert in_the_clear(url) is clear


@pytest.mark.parametrize("text", ["", "  ", ","])
def test_no_retired_key_is_none(text: str) -> None:
    settings = load(ServiceSettings, {**GOOD, "PORTICO_KEY_ENCRYPTION_KEYS_RETIRED": text})

    assert settings.key_encryption_keys_retired == ()


def test_several_secrets_stand_between_commas_and_are_never_shown() -> None:
    keys = ("A" * 43 + "=", "B" * 43 + "=")

    settings = load(
        ServiceSettings, {**GOOD, "PORTICO_KEY_ENCRYPTION_KEYS_RETIRED": " , ".join(keys)}
    )

    assert tuple(key.reveal() for key in settings.key_encryption_keys_retired) == keys
    assert not any(key in f"{settings!r}" for key in keys)
    [row] = [one for one in describe(ServiceSettings) if one.name.endswith("KEYS_RETIRED")]
    assert (row.type, row.secret, row.required) == ("secrets", True, False)


def test_a_digest_key_that_is_the_key_encryption_key_is_refused() -> None:
    told = problems({**GOOD, "PORTICO_DIGEST_KEY": GOOD["PORTICO_KEY_ENCRYPTION_KEY"]})

    assert told == ["PORTICO_DIGEST_KEY is the key-encryption key, which then could not be changed"]
