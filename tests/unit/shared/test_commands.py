"""The command line: settings that do not fit end it with every problem named, exit 2."""

import json
from collections.abc import Iterator
from importlib.resources import files

import pytest

from shared.program.commands import COMMANDS, main
from shared.program.program import Composition, Plumbing, Program
from shared.settings.service import ServiceSettings
from tests.support.environ import needed
from tests.support.lines import logged
from tests.support.shop import ROUTES, Shop

GOOD = needed("merge")


@pytest.fixture(autouse=True)
def logs_put_back() -> Iterator[None]:
    """A verb configures the logs of its process, which is this one."""
    with logged():
        yield


def compose(plumbing: Plumbing[ServiceSettings]) -> Composition[Shop]:
    raise NotImplementedError


PROGRAM: Program[Shop, ServiceSettings] = Program(
    service="merge",
    settings=ServiceSettings,
    routes=ROUTES,
    compose=compose,
    migrations=files("services.merge") / "migrations",
)


@pytest.mark.parametrize("verb", ["serve", "migrate", "topology", "settings", "check"])
def test_settings_that_do_not_fit_are_all_named_with_exit_2(
    verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(PROGRAM, [verb], {"PORTICO_HTTP_PORT": "x", "PORTICO_TYPO": "1"})

    told = capsys.readouterr().err.splitlines()
    assert code == 2
    assert [line.split()[0].rstrip(":") for line in told] == [
        "PORTICO_TYPO",
        "PORTICO_HTTP_PORT",
        "PORTICO_DATABASE_URL",
        "PORTICO_BROKER_URL",
        "PORTICO_KEY_ENCRYPTION_KEY",
        "PORTICO_DIGEST_KEY",
    ]


def test_a_host_that_is_none_is_misset_and_not_merely_away(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(PROGRAM, ["serve"], {**GOOD, "PORTICO_HTTP_HOST": "http://portal"}) == 2

    assert capsys.readouterr().err.startswith("PORTICO_HTTP_HOST: expected an address")


def test_serving_is_the_default(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(PROGRAM, [], {}) == 2
    assert "PORTICO_DATABASE_URL is missing" in capsys.readouterr().err


def test_settings_are_printed_with_their_source_and_secrets_redacted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code = main(PROGRAM, ["settings"], GOOD)

    told = capsys.readouterr().out
    assert code == 0
    assert "PORTICO_DATABASE_URL=********  [environment]" in told
    assert "PORTICO_POOL_SIZE=10  [default]" in told
    assert "hunter2" not in told


@pytest.mark.parametrize(
    ("verb", "setting"), [("migrate", "MIGRATION_URL"), ("topology", "BROKER_ADMIN_URL")]
)
def test_a_verb_names_the_setting_that_only_it_needs(
    verb: str, setting: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(PROGRAM, [verb], GOOD) == 2
    assert f"PORTICO_{setting} is missing" in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["openapi", "asyncapi"])
def test_the_documents_are_printed_without_any_settings(
    verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(PROGRAM, [verb], {}) == 0
    assert verb in json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("argv", "title"), [(["asyncapi"], "Portico: merge"), (["asyncapi", "--all"], "Portico")]
)
def test_the_bus_is_printed_as_one_service_sees_it_or_whole(
    argv: list[str], title: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(PROGRAM, argv, {}) == 0
    assert json.loads(capsys.readouterr().out)["info"]["title"] == title


@pytest.mark.parametrize("verb", ["migrate", "audit verify", "dead-letters list", "keys rotate"])
def test_a_verb_says_what_is_away_with_exit_1(
    verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    environ = {**GOOD, "PORTICO_MIGRATION_URL": GOOD["PORTICO_DATABASE_URL"]}

    assert main(PROGRAM, verb.split(), environ) == 1
    assert "DatabaseUnavailable" in capsys.readouterr().err


def test_check_names_everything_that_is_not_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(PROGRAM, ["check"], GOOD) == 1

    told = capsys.readouterr().out
    assert "WARN database: nobody listens there" in told
    assert "WARN audit partitions" in told
    assert "WARN audit chain" in told
    assert "WARN broker" in told
    assert "hunter2" not in told


@pytest.mark.parametrize("argv", [["dance"], ["dead-letters"], ["dead-letters", "replay"]])
def test_a_verb_that_is_none_or_lacks_its_arguments_is_exit_2(argv: list[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        main(PROGRAM, argv, GOOD)

    assert raised.value.code == 2


@pytest.mark.parametrize(
    "argv",
    [
        "dead-letters replay --ids 99999999999999999999",
        "dead-letters discard --ids 0",
        "dead-letters list --after 9223372036854775808",
        "dead-letters list --limit 99999999999999999999",
        "dead-letters list --limit -1",
    ],
)
def test_a_number_that_no_row_can_have_is_exit_2(argv: str) -> None:
    with pytest.raises(SystemExit) as raised:
        main(PROGRAM, argv.split(), GOOD)

    assert raised.value.code == 2


def test_every_verb_says_what_it_is_for(capsys: pytest.CaptureFixture[str]) -> None:
    for command in COMMANDS:
        with pytest.raises(SystemExit) as raised:
            main(PROGRAM, [*command.name.split(), "--help"], {})

        assert raised.value.code == 0
        assert command.help in capsys.readouterr().out
