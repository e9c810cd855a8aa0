"""The stack in containers without an engine: its secrets, and what compose makes of the files."""

import json
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from deploy.local.compose import FILES, HERE, IMAGES, Compose
from shared.contracts.topology import SERVICES

PUBLISHING = {"balancer", "catcher", "rabbitmq"}


@pytest.fixture
def compose(tmp_path: Path) -> Compose:
    made = Compose(folder=tmp_path / ".local", environ={}, say=lambda _: None)
    made.write()
    return made


def has_compose() -> bool:
    asked = ["docker", "compose", "version"]
    return (
        bool(shutil.which("docker")) and subprocess.run(asked, capture_output=True).returncode == 0
    )


@pytest.fixture
def configured(compose: Compose) -> dict[str, Any]:
    """Both files, as compose understands them; it asks no engine."""
    if not has_compose():
        pytest.skip("docker compose is not installed on this machine")
    folder = compose.folder.parent / "deploy"
    folder.mkdir()
    files = []
    for file in FILES[1::2]:
        shutil.copy(file, folder)
        files += ["-f", str(folder / Path(file).name)]
    told = subprocess.run(
        ["docker", "compose", *files, "config", "--format", "json"], capture_output=True, check=True
    )
    found: dict[str, Any] = json.loads(told.stdout)["services"]
    return found


def test_secrets_are_for_their_owner_only_and_stay_the_same(compose: Compose) -> None:
    before = compose.secrets()

    compose.write()

    assert compose.secrets() == before
    for file in compose.files.glob("*.*"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE((compose.files / "password").stat().st_mode) == 0o600


def test_a_service_is_given_no_secret_of_another_and_no_administrators(compose: Compose) -> None:
    secrets = compose.secrets()
    password = compose.password()

    for service in SERVICES:
        own = set(secrets[service].values())
        assert password not in "".join(own)
        for other in SERVICES:
            assert other == service or own.isdisjoint(secrets[other].values())


def test_only_balancer_catcher_and_broker_management_publish_and_on_loopback(
    configured: dict[str, Any],
) -> None:
    ports = {name: found["ports"] for name, found in configured.items() if "ports" in found}

    assert set(ports) == PUBLISHING
    assert {port["host_ip"] for each in ports.values() for port in each} == {"127.0.0.1"}


def test_each_of_our_containers_is_hardened_and_built_from_this_folder(
    configured: dict[str, Any],
) -> None:
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

    assert {name: found["condition"] for name, found in waits.items()} == {
        f"{service}-{verb}": "service_completed_successfully" for verb in ("migrate", "topology")
    }
    rights = {"PORTICO_MIGRATION_URL", "PORTICO_BROKER_ADMIN_URL"}
    held = {
        verb: rights & set(configured[name]["environment"])
        for verb, name in {
            "serve": service,
            "migrate": f"{service}-migrate",
            "topology": f"{service}-topology",
        }.items()
    }
    assert held == {
        "serve": set(),
        "migrate": {"PORTICO_MIGRATION_URL"},
        "topology": {"PORTICO_BROKER_ADMIN_URL"},
    }
