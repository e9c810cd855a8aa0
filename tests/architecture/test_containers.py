"""What the images and the compose files may not do; read as text, so that no engine is needed."""

import re
from pathlib import Path

import pytest

from tests.support.proof import ROOT

DEPLOY = ROOT / "deploy"
DOCKERFILES = sorted(DEPLOY.rglob("Dockerfile"))
COMPOSE = (DEPLOY / "compose.yaml", DEPLOY / "compose.tour.yaml")
BASE = "python:3.13-slim"
SERVERS = {"postgres:17", "rabbitmq:4"}
ROOTS = ("root", "0")
ENDS = "provision/Dockerfile"  # what it runs has no health: it ends


def instructions(file: Path) -> list[tuple[str, str]]:
    """Return (instruction, arguments) of a Dockerfile, continued lines joined."""
    lines = re.sub(r"\\\n", " ", file.read_text()).splitlines()
    found = (line.partition(" ") for line in lines if line and not line.startswith("#"))
    return [(word, " ".join(rest.split())) for word, _, rest in found]


def last_stage(file: Path) -> dict[str, str]:
    """Return the last of each instruction in the stage that is shipped."""
    steps = instructions(file)
    begin = max(place for place, (word, _) in enumerate(steps) if word == "FROM")
    return dict(steps[begin:])


def named(dockerfile: Path) -> str:
    return str(dockerfile.relative_to(DEPLOY))


def test_one_dockerfile_is_for_all_services_and_one_for_each_program_beside_them() -> None:
    assert list(map(named, DOCKERFILES)) == [
        "Dockerfile",
        "balancer/Dockerfile",
        "catcher/Dockerfile",
        "gateway/Dockerfile",
        "provision/Dockerfile",
    ]


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=named)
def test_an_image_is_python_runs_as_nobody_special_and_says_whether_it_is_well(
    dockerfile: Path,
) -> None:
    bases = [rest.partition(" ")[0] for word, rest in instructions(dockerfile) if word == "FROM"]
    shipped = last_stage(dockerfile)

    assert set(bases) == {BASE}
    assert shipped["USER"] not in ROOTS
    assert "CMD" in shipped["HEALTHCHECK"] or named(dockerfile) == ENDS
    assert "start-interval" not in shipped["HEALTHCHECK"]  # it needs engine 25


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=named)
def test_an_image_installs_what_is_pinned_keeps_no_cache_and_names_no_other_host(
    dockerfile: Path,
) -> None:
    for word, rest in instructions(dockerfile):
        assert word != "ADD"
        if "pip install" in rest or "python install" in rest:
            assert "-c constraints.txt" in rest
            assert "--no-cache-dir" in rest
        if "apt-get install" in rest:
            assert "--no-install-recommends" in rest
            assert rest.endswith("rm -rf /var/lib/apt/lists/*")
        assert set(re.findall(r"https?://([\w.-]+)", rest)) <= {"127.0.0.1"}


def test_the_gateways_image_holds_nothing_of_the_services() -> None:
    copied = [rest for word, rest in instructions(DEPLOY / "gateway/Dockerfile") if word == "COPY"]

    assert copied[-3:] == [
        "shared shared",
        "deploy/__init__.py deploy/",
        "deploy/gateway deploy/gateway",
    ]


def test_a_services_image_holds_shared_and_its_own_folder_alone() -> None:
    copied = [rest for word, rest in instructions(DEPLOY / "Dockerfile") if word == "COPY"]

    assert [rest for rest in copied if rest.startswith("services")] == [
        "services/__init__.py services/",
        "services/$SERVICE services/$SERVICE",
    ]
    assert not any(rest.startswith((". ", "deploy ", "tests")) for rest in copied)


@pytest.mark.parametrize("file", COMPOSE, ids=lambda file: file.name)
def test_every_published_port_is_of_the_loopback_interface(file: Path) -> None:
    published = re.findall(r"""["\s]((?:[\w.:]+:)?\d+:\d+)["\s\]]""", file.read_text())

    assert all(port.startswith("127.0.0.1:") for port in published)
    assert len(published) == {"compose.yaml": 6, "compose.tour.yaml": 2}[file.name]


def test_a_replica_is_asked_whether_it_is_ready_where_people_cannot_ask() -> None:
    balancer = (DEPLOY / "balancer" / "haproxy.cfg").read_text()

    for file in (DEPLOY / "Dockerfile", DEPLOY / "gateway" / "Dockerfile"):
        text = file.read_text()
        metrics_port = dict(re.findall(r"(PORTICO_\w+)=(\d+)", text))["PORTICO_METRICS_PORT"]
        assert f"http://127.0.0.1:{metrics_port}/health/ready" in text
        assert f"default-server check port {metrics_port} " in balancer


def test_what_shows_every_mail_and_the_desk_are_for_the_tour_alone() -> None:
    deployed = (DEPLOY / "compose.yaml").read_text().replace("compose.tour", "")

    assert not re.search("(?i)catcher|desk|8109", deployed)


@pytest.mark.parametrize("file", COMPOSE, ids=lambda file: file.name)
def test_the_images_are_ours_or_the_two_servers_and_nothing_has_more_rights(file: Path) -> None:
    text = file.read_text()
    images = set(re.findall(r"image: (\S+)", text))

    assert {image for image in images if not image.startswith("portico-")} <= SERVERS
    for word in ("start_interval", "privileged", "network_mode", "docker.sock", "cap_add"):
        assert word not in text


def test_no_password_stands_in_a_file_of_the_repository() -> None:
    for file in (*COMPOSE, *DOCKERFILES, DEPLOY / "balancer" / "haproxy.cfg"):
        assert (
            re.findall(r"(?i)(?:password|secret|_key)\w*[:=]\s*\S+|://\w+:\w+@", file.read_text())
            == []
        )


def test_what_is_not_needed_stays_out_of_the_build() -> None:
    allowed = [
        line for line in (ROOT / ".dockerignore").read_text().splitlines() if line[0] in "*!"
    ]

    assert allowed[0] == "*"
    assert not any(line.startswith(("!.", "!tests")) for line in allowed)
