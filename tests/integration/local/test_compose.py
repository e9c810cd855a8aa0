"""The stack in containers without an engine: its secrets, and what compose makes of the files."""

import json
import re
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from deploy.gateway.settings import Settings
from deploy.local.compose import FILES, HERE, IMAGES, Compose
from deploy.local.provisioner import PURPOSES, variable
from shared.contracts.topology import SERVICES
from shared.settings.loader import load

PUBLISHING = {"balancer", "catcher", "rabbitmq"}
BEFORE = ("192.0.2.7", "198.51.100.0/24")
ADMINISTRATORS = ("postgres administrator", "rabbitmq administrator")


@pytest.fixture
def compose(tmp_path: Path) -> Compose:
    made = Compose(folder=tmp_path / ".local", environ={}, say=lambda _: None)
    made.write()
    return made


def needs_compose() -> None:
    """Skip where nobody can be asked."""
    asked = ["docker", "compose", "version"]
    if not shutil.which("docker") or subprocess.run(asked, capture_output=True).returncode:
        pytest.skip("docker compose is not installed on this machine")


@pytest.fixture
def configured(compose: Compose) -> dict[str, Any]:
    """Both files, as compose understands them; it asks no engine."""
    needs_compose()
    folder = compose.folder.parent / "deploy"
    folder.mkdir()
    for file in FILES[1::2]:
        shutil.copy(file, folder)
    told = config(folder, *(Path(file).name for file in FILES[1::2]), environ=compose.mail_file)
    assert told.returncode == 0, told.stderr
    found: dict[str, Any] = json.loads(told.stdout)["services"]
    return found


def config(
    folder: Path, *files: str, environ: Path, **more: str
) -> "subprocess.CompletedProcess[str]":
    """Ask compose what it makes of these files."""
    chosen = [part for file in files for part in ("-f", str(folder / file))]
    return subprocess.run(
        ["docker", "compose", "--env-file", environ, *chosen, "config", "--format", "json"],
        env=more,
        capture_output=True,
        text=True,
    )


def test_secrets_are_for_their_owner_only_and_stay_the_same(compose: Compose) -> None:
    before = compose.secrets()

    compose.write()

    assert compose.secrets() == before
    files = [*compose.files.glob("*.env"), *(compose.files / "secrets").iterdir()]
    assert len(files) > 20
    for file in files:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_service_is_given_no_secret_of_another_and_none_of_its_programs_an_administrators(
    compose: Compose,
) -> None:
    secrets = compose.secrets()

    for service in SERVICES:
        own = set(secrets[service].values())
        for other in SERVICES:
            assert other == service or own.isdisjoint(secrets[other].values())
    for program in set(secrets) - {"provision", "postgres", "rabbitmq"}:
        text = "".join(secrets[program].values())
        for administrator in ADMINISTRATORS:
            assert compose.kept.password(administrator) not in text


def test_every_secret_is_one_of_its_own(compose: Compose) -> None:
    secrets = secrets_of(compose)

    # both administrators, two roles and a user a service, who changes the topology, keys, two
    # peppers, and the key of cookies
    assert len(set(secrets)) == len(secrets) == 2 + 3 * len(SERVICES) + 1 + 2 * len(SERVICES) + 3
    assert min(map(len, secrets)) >= 43  # 256 bits


@pytest.mark.parametrize("administrator", ADMINISTRATORS)
def test_nothing_follows_from_an_administrators_password(
    compose: Compose, administrator: str
) -> None:
    before = compose.secrets()

    (compose.files / "secrets" / administrator.replace(" ", "-")).write_text("another")

    after = compose.secrets()
    changed = {program for program in before if before[program] != after[program]}
    assert changed == {administrator.split()[0], "provision"}
    given = [variable(purpose) for purpose in PURPOSES]
    assert [before["provision"][name] for name in given] == [
        after["provision"][name] for name in given
    ]


def secrets_of(compose: Compose) -> list[str]:
    return [file.read_text() for file in (compose.files / "secrets").iterdir()]


def test_two_stacks_have_no_secret_in_common(compose: Compose, tmp_path: Path) -> None:
    other = Compose(folder=tmp_path / "other", environ={}, say=lambda _: None)
    other.write()

    assert set(secrets_of(compose)).isdisjoint(secrets_of(other))


def test_a_deployment_that_does_not_say_where_mails_go_is_told_so(tmp_path: Path) -> None:
    needs_compose()
    nothing = tmp_path / "nothing.env"
    nothing.touch()

    told = config(HERE, "compose.yaml", environ=nothing)

    assert told.returncode != 0
    # whichever of the four this version of compose looks at first
    assert re.search("PORTICO_(SMTP_URL|MAIL_FROM|MAIL_DOMAIN|PORTAL_URL)", told.stderr)
    assert "see the top of compose.yaml" in told.stderr


def test_services_believe_balancer_gateway_and_what_is_named_before_them_and_nobody_else(
    compose: Compose, configured: dict[str, Any], tmp_path: Path
) -> None:
    networks = configured["balancer"]["networks"]
    assert {name: found["ipv4_address"] for name, found in networks.items()} == {
        "default": "10.213.94.2",
        "web": "10.213.94.130",
    }
    deployed = config(
        tmp_path / "deploy",
        "compose.yaml",
        environ=compose.mail_file,
        PORTICO_NETWORK="10.9.8",
        PORTICO_BEFORE_BALANCER=" ".join(BEFORE),
    )
    found = json.loads(deployed.stdout)["services"]

    assert "catcher" not in found
    for service in SERVICES:
        believed = found[service]["environment"]["PORTICO_TRUSTED_PROXIES"]
        assert believed.split() == ["10.9.8.2", "10.9.8.192/26", *BEFORE]
    told = found["balancer"]["environment"]
    assert told["PORTICO_BEFORE_BALANCER"].split() == ["10.9.8.192/26", *BEFORE]
    believed = found["gateway"]["environment"]["PORTICO_TRUSTED_PROXIES"]
    assert believed.split() == ["10.9.8.130", *BEFORE]


def test_only_balancer_catcher_and_broker_management_publish_and_on_loopback(
    configured: dict[str, Any],
) -> None:
    ports = {name: found["ports"] for name, found in configured.items() if "ports" in found}

    assert set(ports) == PUBLISHING
    assert {port["host_ip"] for each in ports.values() for port in each} == {"127.0.0.1"}


def test_the_gateway_reaches_the_balancer_alone_and_is_told_no_secret_but_its_own(
    compose: Compose, configured: dict[str, Any], tmp_path: Path
) -> None:
    whole = config(tmp_path / "deploy", "compose.yaml", environ=compose.mail_file)
    found = json.loads(whole.stdout)

    assert found["networks"]["web"]["internal"] is True
    web = {name for name, each in found["services"].items() if "web" in each["networks"]}
    assert web == {"gateway", "balancer"}
    assert set(found["services"]["gateway"]["networks"]) == {"web"}
    assert set(compose.secrets()["gateway"]) == {"PORTICO_COOKIE_KEYS"}
    told = found["services"]["gateway"]["environment"]
    assert not {"PORTICO_ENVIRONMENT", "PORTICO_DESK_PORT", "PORTICO_MAILS_URL"} & set(told)
    settings = load(Settings, {**told, "PORTICO_PORTAL_URL": "https://portal.example"})
    assert settings.identity_url == "http://balancer:8101"


def test_each_of_our_containers_is_hardened_and_built_here(configured: dict[str, Any]) -> None:
    ours = {name: found for name, found in configured.items() if "build" in found}

    assert set(configured) - set(ours) == {"postgres", "rabbitmq"}
    assert {found["image"] for found in ours.values()} == set(IMAGES)
    for found in ours.values():
        assert found["read_only"] is True
        assert found["cap_drop"] == ["ALL"]
        assert found["build"]["network"] == "host"
        assert (HERE.parent / found["build"]["dockerfile"]).is_file()


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_starts_after_its_migrations_and_topology_which_alone_have_more_rights(
    configured: dict[str, Any], service: str
) -> None:
    waits = configured[service]["depends_on"]
    migrate, topology = f"{service}-migrate", f"{service}-topology"
    rights = {"PORTICO_MIGRATION_URL", "PORTICO_BROKER_ADMIN_URL"}

    assert {name: found["condition"] for name, found in waits.items()} == dict.fromkeys(
        (migrate, topology), "service_completed_successfully"
    )
    held = {
        name: rights & set(configured[name]["environment"]) for name in (service, migrate, topology)
    }
    assert held == {
        service: set(),
        migrate: {"PORTICO_MIGRATION_URL"},
        topology: {"PORTICO_BROKER_ADMIN_URL"},
    }
